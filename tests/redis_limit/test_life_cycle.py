"""How the limiter is made, by hand or by the environment, and which loops and processes it serves."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
import warnings
from typing import Any

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from meltingspot_async import (
    MeltingSpotClient,
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.clock import VirtualLoop, now, run_virtual
from ..support.limiters import clocked, redis_limiting, run_real, until, use
from ..support.redis_script import ClockedScript, loop_microseconds
from ..support.redis_server import RedisServer, ask


async def test_limiter_made_before_a_fork_is_another_in_each_process(
    server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process gets its name in Redis at its first use, and a forked one another: they do not pass for one."""
    async with clocked(server, key, RateLimit(3, per=10.0)) as limiter:
        assert limiter._process == ""
        async with limiter.slot():
            parent = limiter._process
            monkeypatch.setattr(os, "getpid", lambda: -1)
            await use(limiter)
        assert "" != parent != limiter._process


def test_limiter_serves_one_loop_at_a_time_and_continues_on_the_next(server: RedisServer, key: str) -> None:
    """Two running loops are an error; a second ``asyncio.run`` starts with what the first one used."""
    redis = Redis(unix_socket_path=server.socket)
    limiter = RedisSlidingWindowLimiter(redis, [RateLimit(1, per=0.3)], key=key)

    async def once() -> float:
        received = await use(limiter)
        await limiter.aclose()
        await redis.aclose()
        return received

    first = asyncio.run(once())
    assert asyncio.run(once()) - first >= 0.299

    async def two() -> None:
        await use(limiter)
        with pytest.raises(UsageError, match="a redis client for each loop"):
            await asyncio.to_thread(asyncio.run, use(limiter))
        await limiter.aclose()
        await redis.aclose()

    run_real(two())


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"limits": []}, "at least one"),
        ({"key": ""}, "key"),
        ({"key": "a}b"}, "key"),
        ({"key": None}, "key"),
        ({"patience": -1.0}, "patience"),
        ({"lease": 14.9}, "lease"),
        ({"lease": None}, "lease"),
    ],
)
def test_impossible_argument_is_refused(wrong: dict[str, Any], match: str) -> None:
    """Names, durations and limits are checked where they are given."""
    arguments: dict[str, Any] = {"limits": [RateLimit(1, per=1.0)], "key": "name"} | wrong
    with pytest.raises(UsageError, match=match):
        RedisSlidingWindowLimiter(Redis(), **arguments)


@pytest.mark.usefixtures("impatient")
def test_from_url_takes_the_options_of_the_class(key: str) -> None:
    """patience, lease and fallback can be given with a URL, too."""
    limits = [RateLimit(1, per=1.0)]
    with pytest.raises(UsageError, match="lease"):
        RedisSlidingWindowLimiter.from_url("unix:///nowhere", limits, key=key, lease=1.0)
    with pytest.raises(UsageError, match="patience"):
        RedisSlidingWindowLimiter.from_url("unix:///nowhere", limits, key=key, patience=-1.0)

    async def main() -> None:
        share = RateLimit(3, per=100.0)
        fallback = SlidingWindowLimiter([share])
        limiter = RedisSlidingWindowLimiter.from_url("unix:///nowhere", limits, key=key, fallback=fallback)
        await use(limiter)
        assert fallback.free() == {share: 2}
        await limiter.aclose()

    run_real(main())


def test_environment_makes_processes_share_the_limit(
    server: RedisServer, fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MELTINGSPOT_REDIS_URL is enough; Redis sees a hash of the key; closing closes the connections."""
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", server.url)
    fake.add(make_course_participant(2))

    async def main() -> None:
        async with MeltingSpotClient.from_env() as one, MeltingSpotClient.from_env() as two:
            for client in (one, two):
                await client.course_participants.get("course-1", "participant-2")
        names = [name.decode() for name in await ask(server, "KEYS", "*:cooling:86400000000")]
        used = [
            await ask(server, "HGET", name.replace("cooling:86400000000", "state"), name) for name in names
        ]
        assert b"2" in used
        assert not await ask(server, "KEYS", f"*{fake.api_key}*")
        assert len((await ask(server, "CLIENT", "LIST")).splitlines()) == 1
        given = SlidingWindowLimiter([RateLimit(1, per=1.0)])
        async with MeltingSpotClient.from_env(limiter=given) as client:
            assert client.session_manager._limiter is given

    run_real(main())


@pytest.mark.parametrize("url", ["http://:secret@host", "secret", "redis://:secret@host:port"])
def test_text_that_is_not_a_redis_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A bad URL is refused without a word of it: it may hold a password."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", url)
    with pytest.raises(UsageError, match="redis://") as refused:
        MeltingSpotClient.from_env()
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


def test_environment_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis URL without redis-py names the extra, with the command."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", "redis://localhost")
    monkeypatch.setitem(sys.modules, "redis", None)
    for name in [name for name in sys.modules if name.startswith("meltingspot_async.redis_limit")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"pip install 'meltingspot-async\[redis\]'"):
        MeltingSpotClient.from_env()


def test_loop_closed_with_calls_under_way_frees_its_slots_on_the_next(server: RedisServer, key: str) -> None:
    """What was in flight counts as given up when the limiter is used on another loop, long before its lease ends."""
    limit = RateLimit(5, per=10.0)

    async def hold(limiter: RedisSlidingWindowLimiter) -> None:
        for _ in range(5):
            await limiter.slot().__aenter__()

    with SyncRedis(unix_socket_path=server.socket) as redis:
        limiter = RedisSlidingWindowLimiter(
            ClockedScript(redis, loop_microseconds), [limit], key=key, lease=600.0
        )
        run_virtual(hold(limiter))

        async def later() -> None:
            started = now()
            await use(limiter)
            assert now() - started == pytest.approx(20.0, abs=0.02)
            await limiter.aclose()

        run_virtual(later())


def test_client_of_our_own_is_connected_anew_on_the_next_loop(own_server: RedisServer, key: str) -> None:
    """A limiter made from a URL survives a loop that was closed without closing the limiter; no connection is left."""
    limiter = RedisSlidingWindowLimiter.from_url(own_server.url, [RateLimit(5, per=10.0)], key=key)

    async def once(*, close: bool) -> None:
        await use(limiter)
        await until(lambda: limiter._reporting is None)
        if close:
            await limiter.aclose()
            gc.collect()  # the connection of the loop that was closed without it
            while len((await ask(own_server, "CLIENT", "LIST")).splitlines()) > 1:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.01)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(once(close=False))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # the connection of the loop that is closed like this
        loop.close()
        run_real(once(close=True))


def test_slot_given_back_after_closing_opens_no_connection(own_server: RedisServer, key: str) -> None:
    """Who closes the limiter before its requests have ended leaves no connection behind; the lease frees the slots."""

    async def main() -> None:
        limiter = RedisSlidingWindowLimiter.from_url(own_server.url, [RateLimit(5, per=10.0)], key=key)
        async with limiter.slot():
            await limiter.aclose()
        await asyncio.sleep(0.1)
        assert len((await ask(own_server, "CLIENT", "LIST")).splitlines()) == 1

    run_real(main())


async def test_closing_refuses_those_who_wait(server: RedisServer, key: str) -> None:
    """A call that waits for a slot when the limiter is closed learns it at once."""
    async with clocked(server, key, RateLimit(1, per=1_000.0)) as limiter:
        await use(limiter)
        waiting = asyncio.create_task(use(limiter))
        await asyncio.sleep(1.0)
        await limiter.aclose()
        with pytest.raises(UsageError, match="closed"):
            await waiting


@pytest.mark.parametrize(
    "other", [{"limits": [RateLimit(2, per=10.0)]}, {"reserve": 0.5}, {"lease": 60.0}], ids=str
)
async def test_processes_that_state_other_limits_get_a_clear_error(
    server: RedisServer, key: str, other: dict[str, Any]
) -> None:
    """Who shares an allowance and states another limit, reserve or lease is refused, until the others are gone."""
    limits = other.pop("limits", [RateLimit(3, per=10.0)])
    async with (
        clocked(server, key, RateLimit(3, per=10.0)) as first,
        clocked(server, key, *limits, **other) as second,
    ):
        await use(first)
        with pytest.raises(UsageError, match="state other limits"):
            await use(second)
        await use(first)
        await asyncio.sleep(31.0)
        await use(second)
        with pytest.raises(UsageError, match="state other limits"):
            await use(first)


async def test_free_tells_the_slots_of_all_processes(server: RedisServer, key: str) -> None:
    """What is free is free for all who share the limit, whoever uses the rest."""
    limits = RateLimit(9, per=10.0), RateLimit(20, per=86_400.0)
    async with clocked(server, key, *limits) as first, clocked(server, key, *limits) as second:
        assert await second.free() == {limits[0]: 9, limits[1]: 20}
        await use(first)
        async with first.slot():
            assert await second.free() == {limits[0]: 7, limits[1]: 18}
        await asyncio.sleep(10.1)
        assert await second.free() == {limits[0]: 9, limits[1]: 18}


def test_redis_that_answers_without_suspending_works_with_eager_tasks(server: RedisServer, key: str) -> None:
    """With an eager task factory, the step may be over before the limiter knows of its task."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        if sys.version_info >= (3, 12):
            loop.set_task_factory(asyncio.eager_task_factory)
        async with clocked(server, key, RateLimit(2, per=10.0)) as limiter:
            started = now()
            await asyncio.gather(*(use(limiter) for _ in range(6)))
            assert now() - started == pytest.approx(20.0, abs=0.05)

    run_virtual(main())


def test_blocked_loop_does_not_make_redis_look_dead(server: RedisServer, key: str) -> None:
    """The time limit of a step counts what Redis had, not what a blocked loop spent."""

    async def main() -> None:
        async with redis_limiting(server, key, RateLimit(5, per=10.0)) as limiter:
            asking = asyncio.create_task(use(limiter))
            await until(lambda: limiter._steps > 0)
            time.sleep(2.0)  # noqa: ASYNC251 - the block that is meant
            await asking

    run_real(main())


async def test_answer_that_is_older_than_a_third_of_the_lease_gives_no_slot(
    server: RedisServer, key: str
) -> None:
    """After so long a block others may have what was given: it is asked for again, and nothing is lost."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    block = loop.block

    class Blocks(ClockedScript):
        async def execute_command(self, *command: Any, **options: Any) -> Any:
            answer = await super().execute_command(*command, **options)
            if self.steps == 1:
                block(20.0)
            return answer

    with SyncRedis(unix_socket_path=server.socket) as redis:
        script = Blocks(redis, loop_microseconds)
        limiter = RedisSlidingWindowLimiter(script, [RateLimit(1, per=10.0)], key=key)
        await use(limiter)
        assert script.steps >= 2
        await limiter.aclose()

"""How the limiter is made, by hand or by the environment, and which loops and processes it serves."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from redis.asyncio import Redis

from meltingspot_async import (
    LimiterUnavailableError,
    MeltingSpotClient,
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.limiters import run_real, use
from ..support.redis_server import RedisServer, ask


@pytest.mark.usefixtures("impatient")
def test_limiter_made_before_a_fork_is_another_in_each_process(key: str) -> None:
    """A process gets its name in Redis at its first use, so that forked workers do not pass for one."""

    async def used() -> None:
        with pytest.raises(LimiterUnavailableError):
            await use(limiter)

    limiter = RedisSlidingWindowLimiter.from_url("unix:///nowhere", [RateLimit(1, per=1.0)], key=key)
    assert limiter._script.process == ""
    asyncio.run(used())
    first = limiter._script.process
    asyncio.run(used())
    assert "" != first != limiter._script.process


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
        with pytest.raises(UsageError, match="one redis client per loop"):
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
        names = [name.decode() for name in await ask(server, "KEYS", "*:cooling:86400.0")]
        used = [await ask(server, "HGET", name.replace("cooling:86400.0", "state"), name) for name in names]
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

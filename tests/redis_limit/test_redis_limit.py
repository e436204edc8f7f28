"""The limiter over processes: what the service receives from all of them, who goes first, what failures cost.

Redis's clock is real, so windows here are short, and what is asserted is order and safety, never speed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from meltingspot_async import (
    DeadlineExceededError,
    LimiterUnavailableError,
    MeltingSpotClient,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
    UsageError,
)
from meltingspot_async.rate_limit import DAY
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit import _limiter as redis_limit
from meltingspot_async.redis_limit import _script as redis_script
from meltingspot_async.redis_limit._script import Commands
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..rate_limit import test_sliding_window as test_rate_limit
from ..support.redis_server import RedisServer, redis_server

BULK, INTERACTIVE = Priority.BULK, Priority.INTERACTIVE
STUCK = 30.0
"""Seconds after which something that should have ended is taken to hang."""

MARGIN = 0.3
"""What stands in for GIVEN_UP_MARGIN where a test has to wait for it."""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """One to be killed."""
    with redis_server() as running:
        yield running


@pytest.fixture
def short_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_limit, "GIVEN_UP_MARGIN", MARGIN)


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(STUCK):
            await main

    asyncio.run(bounded(), debug=True)


@asynccontextmanager
async def limiting(
    server: RedisServer,
    key: str,
    *limits: RateLimit,
    wrap: Callable[[Commands], Any] = lambda redis: redis,
    **options: Any,
) -> AsyncGenerator[RedisSlidingWindowLimiter]:
    """A limiter with a redis client, as another process would have one."""
    async with Redis(unix_socket_path=server.socket) as redis:
        limiter = RedisSlidingWindowLimiter(wrap(redis), limits, key=key, **options)
        yield limiter
        await limiter.aclose()


def now() -> float:
    return time.monotonic()


async def use(
    limiter: RedisSlidingWindowLimiter, priority: Priority = INTERACTIVE, seconds: float = 0.0
) -> float:
    """Hold one slot for some seconds; when its request was received."""
    async with limiter.slot(priority):
        received = now()
        await asyncio.sleep(seconds)
    return received


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on, one round of the loop at a time, until the condition holds."""
    while not condition():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)


async def ask(server: RedisServer, *command: object) -> Any:
    """What Redis itself says."""
    async with Redis(unix_socket_path=server.socket) as redis:
        return await cast("Commands", redis).execute_command(*command)


async def all_free(limiter: RedisSlidingWindowLimiter, slots: int) -> None:
    """Wait until that many slots can be held at once."""
    barrier = asyncio.Barrier(slots)

    async def hold() -> None:
        async with limiter.slot():
            await barrier.wait()

    await asyncio.gather(*(hold() for _ in range(slots)))


def most_in_a_window(times: list[float], per: float) -> int:
    """The most of these times within one half-open window."""
    return test_rate_limit.most_in_a_window(times, per, slack=1e-3)  # two clocks of one machine


@attrs.frozen
class Plan:
    """What becomes of one request; all times in seconds."""

    process: int
    start: float
    out: float
    back: float
    priority: Priority
    cancelled_at: float | None
    patience: float | None
    ends: Exception | None


ENDS = (None, None, ServerError(500, "/"), RateLimitError(429, "/", pause=0.1), TransportError("reset", "/"))
plans = st.builds(
    Plan,
    process=st.integers(0, 2),
    start=st.floats(0, 0.3),
    out=st.floats(0, MARGIN / 3),
    back=st.floats(0, 0.1),
    priority=st.sampled_from(Priority),
    cancelled_at=st.none() | st.floats(0, 0.6),
    patience=st.none() | st.floats(0, 0.6),
    ends=st.sampled_from((*ENDS, TransportError("refused", "/", sent=False))),
)
limits = st.lists(
    st.builds(RateLimit, st.integers(2, 5), per=st.sampled_from([0.1, 0.2, 0.3])), min_size=1, max_size=2
)


@given(limits=limits, planned=st.lists(plans, min_size=5, max_size=20))
@settings(max_examples=6, phases=[Phase.generate])  # in real time, shrinking takes too long
def test_never_more_than_the_limit_arrives_from_all_processes(
    server: RedisServer, limits: list[RateLimit], planned: list[Plan]
) -> None:
    """However requests of three processes travel, fail or are cancelled, no window holds more than N; all end."""
    arrived: list[float] = []

    async def request(limiter: RedisSlidingWindowLimiter, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(plan.start)
        deadline = None if plan.patience is None else loop.time() + plan.patience
        async with limiter.slot(plan.priority, deadline):
            if not (isinstance(plan.ends, TransportError) and not plan.ends.sent):
                loop.call_later(plan.out, lambda: arrived.append(now()))
            await asyncio.sleep(plan.out + plan.back)
            if plan.ends is not None:
                raise plan.ends

    async def main() -> None:
        loop, key = asyncio.get_running_loop(), uuid.uuid4().hex
        async with (
            limiting(server, key, *limits) as first,
            limiting(server, key, *limits) as second,
            limiting(server, key, *limits) as third,
        ):
            limiters = first, second, third
            tasks = [asyncio.create_task(request(limiters[plan.process], plan)) for plan in planned]
            for task, plan in zip(tasks, planned, strict=True):
                if plan.cancelled_at is not None:
                    loop.call_later(plan.cancelled_at, task.cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for outcome, plan in zip(outcomes, planned, strict=True):
                fits = outcome is plan.ends
                fits |= plan.cancelled_at is not None and isinstance(outcome, asyncio.CancelledError)
                fits |= plan.patience is not None and isinstance(outcome, DeadlineExceededError)
                assert fits
            await asyncio.sleep(MARGIN)
            for limit in limits:
                assert most_in_a_window(arrived, limit.per) <= limit.requests
            await all_free(first, min(limit.requests for limit in limits))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_limit, "GIVEN_UP_MARGIN", MARGIN)
        run(main())


def test_two_processes_share_one_limit_and_both_get_on(server: RedisServer, key: str) -> None:
    """Two long queues of one key are served together, in turns, within the limit of one."""
    limit = RateLimit(10, per=0.2)

    async def main() -> None:
        async with limiting(server, key, limit) as first, limiting(server, key, limit) as second:
            pages = await asyncio.gather(
                *(use(limiter, seconds=0.01 * n % 0.05) for n in range(40) for limiter in (first, second))
            )
            assert most_in_a_window(pages, limit.per) <= 10

    run(main())


def test_a_slot_is_free_one_window_after_the_answer_and_not_before(server: RedisServer, key: str) -> None:
    """Another process gets the slot a window after its answer was in."""

    async def main() -> None:
        limit = RateLimit(1, per=0.3)
        async with limiting(server, key, limit) as first, limiting(server, key, limit) as second:
            taken = await use(first, seconds=0.2)
            assert await use(second) - taken >= 0.499

    run(main())


@pytest.mark.usefixtures("short_margin")
@pytest.mark.parametrize(
    ("error", "hold"),
    [
        (ServerError(500, "/"), 0.2),
        (TransportError("reset", "/"), 0.2 + MARGIN),
        (RuntimeError("bug"), 0.2 + MARGIN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_how_a_request_ends_decides_when_its_slot_is_back(
    server: RedisServer, key: str, error: Exception, hold: float
) -> None:
    """An answer counts at once, a request given up on a margin later."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(1, per=0.2)) as limiter:
            started = now()
            with pytest.raises(type(error)):
                async with limiter.slot():
                    raise error
            assert await use(limiter) - started >= hold - 1e-3

    run(main())


def test_a_request_that_never_left_gives_its_slot_straight_back(server: RedisServer, key: str) -> None:
    """A slot whose request was not sent is free for other processes without a window's wait."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with limiting(server, key, limit) as first, limiting(server, key, limit) as second:
            with pytest.raises(TransportError):
                async with first.slot():
                    raise TransportError("refused", "/", sent=False)
            await first.aclose()
            await use(second)

    run(main())


def test_interactive_goes_before_the_bulk_of_another_process(server: RedisServer, key: str) -> None:
    """Once pages wait in one process, no batch of another gets a slot before the last of them has."""

    async def main() -> None:
        limit = RateLimit(1, per=0.05)
        async with limiting(server, key, limit) as batch, limiting(server, key, limit) as web:
            bulk = [asyncio.create_task(use(batch, BULK)) for _ in range(12)]
            await bulk[0]
            pages = [asyncio.create_task(use(web)) for _ in range(5)]
            await until(lambda: web._known.interactive)
            registered = now()
            shown = await asyncio.gather(*pages)
            done = await asyncio.gather(*bulk)
            assert not [at for at in done if registered < at < max(shown)]

    run(main())


@pytest.mark.parametrize("together", [True, False])
def test_bulk_is_not_starved_by_pages(
    server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    """After so many pages that went past it, a batch gets a slot, in the same process or another."""
    monkeypatch.setattr(redis_limit, "MOST_PASSED_OVER", 3)

    async def main() -> None:
        limit, order = RateLimit(1, per=0.03), list[str]()

        async def one(limiter: RedisSlidingWindowLimiter, priority: Priority) -> None:
            async with limiter.slot(priority):
                order.append(priority.value)

        async with limiting(server, key, limit) as web, limiting(server, key, limit) as other:
            batch = web if together else other
            holder = asyncio.create_task(use(web, seconds=0.1))
            await asyncio.sleep(0.02)
            bulk = [asyncio.create_task(one(batch, BULK)) for _ in range(3)]
            await asyncio.sleep(0.02)
            pages = [asyncio.create_task(one(web, INTERACTIVE)) for _ in range(20)]
            await asyncio.gather(holder, *bulk, *pages)
        places = [place for place, what in enumerate(order) if what == "bulk"]
        assert places == [3, 7, 11]

    run(main())


def test_processes_take_turns(server: RedisServer, key: str) -> None:
    """Of three processes with a queue each none is served twice before the others, once all of them wait."""

    async def main() -> None:
        limit, order = RateLimit(1, per=0.05), list[int]()

        async def one(limiter: RedisSlidingWindowLimiter, number: int) -> None:
            async with limiter.slot():
                order.append(number)

        async with (
            limiting(server, key, limit) as first,
            limiting(server, key, limit) as second,
            limiting(server, key, limit) as third,
        ):
            tasks = [
                asyncio.create_task(one(limiter, number))
                for number, limiter in enumerate((first, second, third))
                for _ in range(5)
            ]
            await asyncio.gather(*tasks)
        for number in range(3):
            assert sorted(order[number * 3 + 1 : number * 3 + 4]) == [0, 1, 2]

    run(main())


def test_a_429_pauses_every_process(server: RedisServer, key: str) -> None:
    """The pause that one process was told to make is made by all of them, waiting or not yet."""

    async def main() -> None:
        limit = RateLimit(2, per=0.1)
        async with limiting(server, key, limit) as first, limiting(server, key, limit) as second:
            with pytest.raises(RateLimitError):
                async with first.slot():
                    raise RateLimitError(429, "/", pause=0.6)
            paused = now()
            await first.aclose()
            received = await asyncio.gather(use(first), use(second), use(second, BULK))
            assert min(received) - paused >= 0.599

    run(main())


def test_a_pause_beyond_patience_is_told_to_everyone(server: RedisServer, key: str) -> None:
    """When the key is closed for longer than patience, those who wait and those who come are told, everywhere."""

    async def main() -> None:
        limit = RateLimit(1, per=0.1)
        async with (
            limiting(server, key, limit) as first,
            limiting(server, key, limit, patience=5.0) as second,
        ):
            holder = first.slot()
            await holder.__aenter__()
            waiting = [asyncio.create_task(use(second, priority)) for priority in Priority]
            await asyncio.sleep(0.02)
            refused = RateLimitError(429, "/", pause=100.0)
            assert not await holder.__aexit__(RateLimitError, refused, None)
            for task in waiting:
                with pytest.raises(QuotaExhaustedError) as told:
                    await task
                assert 90.0 < told.value.resets_in <= 100.0
            with pytest.raises(QuotaExhaustedError):
                await use(first)

    run(main())


def test_a_429_without_a_pause_is_an_answer_like_any_other(server: RedisServer, key: str) -> None:
    """Without a pause a 429 only uses its slot."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(2, per=100.0)) as limiter:
            with pytest.raises(RateLimitError):
                async with limiter.slot():
                    raise RateLimitError(429, "/")
            await use(limiter)

    run(main())


def test_a_used_up_day_is_known_to_every_process_and_after_a_restart(server: RedisServer, key: str) -> None:
    """The allowance is counted over processes, also over those that ended, and its end is told at once."""

    async def main() -> None:
        day = RateLimit(3, per=DAY), RateLimit(100, per=0.1)
        async with limiting(server, key, *day) as first, limiting(server, key, *day) as second:
            await use(first)
            await use(second)
            await use(second)
        async with limiting(server, key, *day) as restarted:
            with pytest.raises(QuotaExhaustedError) as told:
                await use(restarted)
            assert DAY - 60 < told.value.resets_in <= DAY * 1.002
            await asyncio.sleep(0.2)
            with pytest.raises(QuotaExhaustedError):
                await use(restarted, BULK)

    run(main())


def test_what_cannot_fit_the_deadline_is_refused_before_the_wait(server: RedisServer, key: str) -> None:
    """Who cannot get a slot by its deadline learns it at once, by its place in the queue too."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with limiting(server, key, RateLimit(1, per=100.0)) as limiter:
            await use(limiter)
            with pytest.raises(DeadlineExceededError) as refused:
                async with limiter.slot(deadline=loop.time() + 90.0):
                    pytest.fail("the slot comes after 100 s")
            assert refused.value.wait_needed is not None
            assert 90.0 < refused.value.wait_needed < 100.2
            queue = [asyncio.create_task(use(limiter, BULK)) for _ in range(2)]
            await asyncio.sleep(0.1)
            for priority in Priority:
                late = priority is BULK
                waiter = limiter.slot(priority, loop.time() + (250.0 if late else 90.0))
                with pytest.raises(DeadlineExceededError) as refused:
                    await waiter.__aenter__()
                assert (refused.value.wait_needed or 0.0) > (250.0 if late else 90.0)
            for task in queue:
                task.cancel()
            await asyncio.gather(*queue, return_exceptions=True)

    run(main())


def test_a_deadline_ends_the_wait_when_answers_are_slow(server: RedisServer, key: str) -> None:
    """A waiter whose slot is not back when hoped for is let go by its deadline and leaves no trace."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        limit = RateLimit(1, per=0.1)
        async with limiting(server, key, limit) as limiter, limiting(server, key, limit) as other:
            async with limiter.slot():
                started = loop.time()
                with pytest.raises(DeadlineExceededError):
                    async with limiter.slot(deadline=started + 0.35):
                        pytest.fail("the only slot is held")
                assert loop.time() - started >= 0.1
            assert not limiter._interactive
            await use(other)

    run(main())


def test_a_deadline_counts_while_redis_hangs(own_server: RedisServer, key: str) -> None:
    """Who has less time than Redis is given is let go at its deadline."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with limiting(own_server, key, RateLimit(1, per=0.1)) as limiter:
            own_server.send(signal.SIGSTOP)
            started = loop.time()
            with pytest.raises(DeadlineExceededError) as refused:
                async with limiter.slot(deadline=started + 0.2):
                    pytest.fail("Redis gave nothing")
            assert refused.value.wait_needed == 0.0
            assert loop.time() - started >= 0.2
            own_server.send(signal.SIGCONT)
            await use(limiter)

    run(main())


def test_cancelled_at_any_point_loses_no_slot(server: RedisServer, key: str) -> None:
    """A request cancelled while it asks, waits, is given a slot or holds one gives back what it had."""

    async def main() -> None:
        limit = RateLimit(2, per=0.02)
        async with limiting(server, key, limit) as limiter, limiting(server, key, limit) as other:
            for turn in range(30):
                tasks = [asyncio.create_task(use(limiter, seconds=0.001)) for _ in range(4)]
                for _ in range(turn):
                    await asyncio.sleep(0.0001 * (turn % 3))
                for task in tasks[:3]:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            assert limiter._held == 0
            await limiter.aclose()
            await all_free(other, 2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_limit, "GIVEN_UP_MARGIN", 0.02)
        run(main())


def test_cancelled_at_the_very_moment_of_its_turn_gives_the_slot_back(server: RedisServer, key: str) -> None:
    """A waiter cancelled after its slot was handed to it, before it could run, leaves it to another process."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with limiting(server, key, limit) as limiter, limiting(server, key, limit) as other:
            task = asyncio.create_task(use(limiter))
            await until(lambda: limiter._held > 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await limiter.aclose()
            await use(other)

    run(main())


def test_a_slot_given_to_one_who_left_meanwhile_goes_straight_back(server: RedisServer, key: str) -> None:
    """A waiter cancelled while Redis decides costs nothing: what it would have got is free for others."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with limiting(server, key, limit) as limiter, limiting(server, key, limit) as other:
            task = asyncio.create_task(use(limiter))
            await until(lambda: limiter._script.steps > 0)
            task.cancel()
            await asyncio.sleep(0)
            await limiter.aclose()
            await use(other)

    run(main())


class _Interrupts:
    """Cancels a task when an answer is there and nobody has seen it yet."""

    def __init__(self, redis: Commands, victims: list[asyncio.Task[float]]) -> None:
        self._redis = redis
        self._victims = victims

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        answer: Any = await self._redis.execute_command(*args, **options)
        if self._victims:
            self._victims.pop().cancel()
        return answer


def test_a_slot_given_at_the_moment_of_the_cancellation_goes_to_the_next(
    server: RedisServer, key: str
) -> None:
    """A waiter cancelled as the answer arrives is passed over: the next of its process gets the slot."""
    victims: list[asyncio.Task[float]] = []

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with limiting(server, key, limit, wrap=lambda redis: _Interrupts(redis, victims)) as limiter:
            victims.append(asyncio.create_task(use(limiter)))
            first, second = victims[0], asyncio.create_task(use(limiter))
            await second
            assert first.cancelled()

    run(main())


HOLDER = """
import asyncio, sys
from redis.asyncio import Redis
from meltingspot_async import RateLimit
from meltingspot_async.redis_limit import _limiter as redis_limit

redis_limit.GIVEN_UP_MARGIN = {margin}

async def main():
    limiter = redis_limit.RedisSlidingWindowLimiter(
        Redis(unix_socket_path={socket!r}), [RateLimit(3, per=0.2)], key={key!r}, lease=1.0
    )
    async with limiter.slot(), limiter.slot(), limiter.slot():
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.usefixtures("short_margin")
def test_a_killed_process_gives_its_share_back(server: RedisServer, key: str) -> None:
    """Slots of a process that is alive stay its own beyond any lease; killed, it frees them with the lease."""
    script = HOLDER.format(margin=MARGIN, socket=server.socket, key=key)
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)

    async def main() -> None:
        async with limiting(server, key, RateLimit(3, per=0.2), lease=1.0) as limiter:
            waiting = asyncio.create_task(all_free(limiter, 3))
            await asyncio.sleep(1.5)
            assert limiter._held == 0
            holder.kill()
            await waiting

    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        run(main())
    finally:
        holder.kill()
        holder.communicate()


def test_nobody_waits_for_the_dead(server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a process that died in the queue do not keep a batch of another from its slots."""
    monkeypatch.setattr(redis_limit, "GRACE", 0.1)

    async def main() -> None:
        limit = RateLimit(2, per=0.1)
        async with limiting(server, key, limit) as alive:
            async with Redis(unix_socket_path=server.socket) as redis:
                dead = RedisSlidingWindowLimiter(redis, [limit], key=key)
                async with alive.slot(), alive.slot():
                    assert await dead._script._evaluate(1, 0, 5, 5, 0, 0, 0.0) == [0, 0, 100_000, 0]
            await asyncio.gather(*(use(alive, priority) for _ in range(2) for priority in Priority))

    run(main())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is given up sooner, where it is not to answer anyway."""
    monkeypatch.setattr(redis_limit, "STEP_TIMEOUT", 0.3)


def test_redis_is_not_waited_for_longer_than_two_seconds() -> None:
    """The time Redis has for a step, with what is around it, is below 2 s."""
    assert redis_script.STEP_TIMEOUT + redis_script._RETRY_AFTER < 2.0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("url", ["redis://user:secret@127.0.0.1:1", "unix:///nowhere/s?password=secret"])
def test_without_redis_a_request_fails_and_says_what_to_check(key: str, url: str) -> None:
    """When Redis cannot be reached, a request fails soon, without a slot, and no credentials are told."""

    async def main() -> None:
        limiter = RedisSlidingWindowLimiter.from_url(url, [RateLimit(1, per=1.0)], key=key)
        with pytest.raises(LimiterUnavailableError, match="Check that Redis runs") as failed:
            await use(limiter)
        assert "secret" not in str(failed.value)
        assert "127.0.0.1" not in str(failed.value)
        await limiter.aclose()
        await limiter.aclose()

    run(main())


def test_a_redis_that_hangs_fails_requests_and_is_used_again(own_server: RedisServer, key: str) -> None:
    """A Redis that takes commands and answers none fails whoever asks or waits; afterwards nothing is lost."""

    async def main() -> None:
        limit = RateLimit(2, per=0.1)
        async with limiting(own_server, key, limit) as limiter:
            await use(limiter)
            own_server.send(signal.SIGSTOP)
            outcomes = await asyncio.gather(use(limiter), use(limiter, BULK), return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [LimiterUnavailableError] * 2
            own_server.send(signal.SIGCONT)
            await all_free(limiter, 2)

    run(main())


def test_what_fails_in_redis_itself_is_told_as_such(server: RedisServer, key: str) -> None:
    """An error that is not the connection's, such as a key of another type, is not tried again."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(1, per=1.0)) as limiter:
            await ask(server, "SET", limiter._script.keys[0], "of another type")
            with pytest.raises(LimiterUnavailableError) as failed:
                await use(limiter)
            assert failed.value.reason == "ResponseError"
            assert limiter._script.steps == 1

    run(main())


def test_a_release_that_cannot_be_told_fails_nothing(
    own_server: RedisServer, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A request that succeeded stays so when Redis is gone by then; it is logged, and told when Redis is back."""

    async def main() -> None:
        async with limiting(own_server, key, RateLimit(1, per=0.3)) as limiter:
            async with limiter.slot():
                own_server.kill()
            await limiter.aclose()
            assert "Redis failed" in caplog.text
            own_server.start()
            told = now()
            await use(limiter)
            assert now() - told >= 0.299  # as it is told only now, it counts from now

    with caplog.at_level(logging.WARNING, "meltingspot_async"):
        run(main())


@pytest.mark.usefixtures("short_margin")
def test_slots_in_flight_are_known_to_a_redis_that_was_restarted_empty(
    own_server: RedisServer, key: str
) -> None:
    """A Redis that forgot everything is told again who holds what, and those in the queue go on waiting."""

    async def main() -> None:
        limit = RateLimit(1, per=0.2)
        async with (
            limiting(own_server, key, limit, lease=0.6) as holder,
            limiting(own_server, key, limit, lease=0.6) as other,
        ):
            async with holder.slot():
                own_server.kill()
                own_server.start()
                await asyncio.sleep(0.4)
                waiting = asyncio.create_task(use(other))
                await asyncio.sleep(0.4)
                answered = now()
            assert await waiting - answered >= 0.199

    run(main())


@pytest.mark.usefixtures("impatient")
def test_with_a_fallback_it_goes_on_alone_and_comes_back(
    own_server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Redis the share of this process is kept to; when Redis is back, it is asked again."""
    monkeypatch.setattr(redis_limit, "LOCAL_FOR", 1.0)

    async def main() -> None:
        share = RateLimit(2, per=0.3)
        fallback = SlidingWindowLimiter([share])
        async with limiting(own_server, key, RateLimit(9, per=0.3), fallback=fallback) as limiter:
            await use(limiter)
            assert fallback.free()[share] == 2
            own_server.kill()
            received = await asyncio.gather(*(use(limiter) for _ in range(4)))
            steps = limiter._script.steps
            received.append(await use(limiter))
            assert limiter._script.steps == steps
            assert most_in_a_window(received, 0.3) <= 2
            own_server.start()
            await asyncio.sleep(1.1)
            await use(limiter)
            assert limiter._script.steps > steps
            assert fallback.free()[share] == 2

    run(main())


class _Stutters:
    """Sends its first command twice, as a client does that lost the answer."""

    def __init__(self, redis: Commands) -> None:
        self._redis = redis
        self._first = True

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        answer: Any = await self._redis.execute_command(*args, **options)
        if self._first:
            self._first = False
            assert answer[0] == 1
            answer = await self._redis.execute_command(*args, **options)
            assert answer == []
        return answer


def test_a_command_that_is_sent_twice_takes_one_slot(server: RedisServer, key: str) -> None:
    """A step that Redis has done is not done again, and what its lost answer gave is free with the next."""

    async def main() -> None:
        limit = RateLimit(2, per=1_000.0)
        async with limiting(server, key, limit, wrap=_Stutters) as limiter, limiter.slot(), limiter.slot():
            pass

    run(main())


def test_a_clock_that_goes_back_frees_nothing_early_and_stops_nothing(server: RedisServer, key: str) -> None:
    """When Redis's clock is set back, the limiter's own goes on from where it was."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(1, per=0.2)) as limiter:
            started = await use(limiter)
            await limiter.aclose()
            state = limiter._script.keys[0]
            await ask(server, "HSET", state, "now", float(await ask(server, "HGET", state, "now")) + 0.1)
            assert await use(limiter) - started >= 0.09
            await limiter.aclose()
            assert float(await ask(server, "HGET", state, "offset")) > 0

    run(main())


def test_a_state_that_was_evicted_is_counted_again(server: RedisServer, key: str) -> None:
    """What cooled is known without the running total that goes with it."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(1, per=DAY)) as limiter:
            await use(limiter)
            await limiter.aclose()
            await ask(server, "DEL", limiter._script.keys[0])
            with pytest.raises(QuotaExhaustedError):
                await use(limiter)

    run(main())


def test_all_keys_share_one_slot_and_expire(server: RedisServer, key: str) -> None:
    """Every key is in the hash slot of the name and expires by itself."""

    async def main() -> None:
        limits = RateLimit(3, per=0.5), RateLimit(9, per=DAY), RateLimit(5, per=0.5)
        async with limiting(server, key, *limits) as limiter:
            await use(limiter)
            async with limiter.slot():
                names = [name.decode() for name in await ask(server, "KEYS", f"*{key}*")]
                ends = [await ask(server, "PTTL", name) for name in names]
        assert sorted(names) == [
            f"meltingspot:{{{key}}}:{name}" for name in ("cooling:0.5", f"cooling:{DAY}", "state")
        ]
        assert all(0 < end <= (DAY + 200) * 1_000 for end in ends)

    run(main())


async def commands(server: RedisServer) -> int:
    """Scripts run so far."""
    async with Redis(unix_socket_path=server.socket) as redis:
        stats: dict[str, dict[str, int]] = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


def test_a_request_costs_two_commands_and_three_in_a_long_queue(own_server: RedisServer, key: str) -> None:
    """Without a queue at most two commands a request, in a queue of 1,000 at most three."""

    async def main() -> None:
        limits = RateLimit(200, per=0.5), RateLimit(50_000, per=DAY)
        async with limiting(own_server, key, *limits) as limiter:
            for _ in range(100):
                await use(limiter, seconds=0.001)
            await limiter.aclose()
            assert await commands(own_server) <= 2 * 100 + 1  # and the script itself, once
            before = await commands(own_server)
            await asyncio.gather(*(use(limiter, BULK, n % 97 / 1_000) for n in range(1_000)))
            await limiter.aclose()
            assert await commands(own_server) - before <= 3 * 1_000

    run(main())


@pytest.mark.usefixtures("impatient")
def test_a_limiter_that_was_made_before_a_fork_is_another_in_each_process(key: str) -> None:
    """Who a process is to Redis is decided when it is first used, so that forked workers do not pass for one."""

    async def used() -> None:
        with pytest.raises(LimiterUnavailableError):
            await use(limiter)

    limiter = RedisSlidingWindowLimiter.from_url("unix:///nowhere", [RateLimit(1, per=1.0)], key=key)
    assert limiter._script.process == ""
    asyncio.run(used())
    first = limiter._script.process
    asyncio.run(used())
    assert "" != first != limiter._script.process


def test_waiters_sleep_until_their_time(server: RedisServer, key: str) -> None:
    """Nobody asks Redis while there is nothing to be had: no polling."""

    async def main() -> None:
        async with limiting(server, key, RateLimit(1, per=100.0)) as limiter:
            await use(limiter)
            waiting = [asyncio.create_task(use(limiter)) for _ in range(50)]
            await asyncio.sleep(0.1)
            steps = limiter._script.steps
            await asyncio.sleep(0.5)
            limiter._wake()  # a timer that rings early
            await asyncio.sleep(0.1)
            assert limiter._script.steps == steps
            assert limiter._timer is not None
            for task in waiting:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*waiting)

    run(main())


def test_it_serves_one_loop_at_a_time_and_counts_on_with_the_next(server: RedisServer, key: str) -> None:
    """Two running loops are told apart; a second ``asyncio.run`` starts with what the first one used."""
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

    run(two())


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
def test_an_argument_that_cannot_work_is_refused(wrong: dict[str, Any], match: str) -> None:
    """Names, durations and limits are checked where they are given."""
    arguments: dict[str, Any] = {"limits": [RateLimit(1, per=1.0)], "key": "name"} | wrong
    with pytest.raises(UsageError, match=match):
        RedisSlidingWindowLimiter(Redis(), **arguments)


def test_the_environment_makes_processes_share_the_limit(
    server: RedisServer, fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MELTINGSPOT_REDIS_URL is all it takes; Redis sees a hash of the key; closing closes the connections."""
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

    run(main())


@pytest.mark.parametrize("url", ["http://:secret@host", "secret", "redis://:secret@host:port"])
def test_a_redis_url_that_is_none_is_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A bad URL is refused without a word of it: it may hold a password."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", url)
    with pytest.raises(UsageError, match="redis://") as refused:
        MeltingSpotClient.from_env()
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


def test_without_the_extra_the_environment_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis URL without redis-py names the extra, with the command."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", "redis://localhost")
    monkeypatch.setitem(sys.modules, "redis", None)
    for name in ("meltingspot_async.redis_limit", "meltingspot_async.redis_limit._limiter"):
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"pip install 'meltingspot-async\[redis\]'"):
        MeltingSpotClient.from_env()

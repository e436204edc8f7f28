"""The limiters under test, and how to run one test over all of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from redis.asyncio import Redis

from meltingspot_async import Priority, RateLimit, RateLimiter, SlidingWindowLimiter
from meltingspot_async.rate_limit._protocol import GIVEN_UP_MARGIN
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit import _limiter as redis_limiter
from meltingspot_async.redis_limit._script import RedisCommands

from .clock import now, run_virtual
from .redis_server import RedisServer

BULK, INTERACTIVE = Priority.BULK, Priority.INTERACTIVE

SHORT_MARGIN = 0.3
"""Seconds that stand in for GIVEN_UP_MARGIN where the clock is real."""

STUCK = 30.0
"""Seconds after which a test on the real clock is taken to hang."""


async def use(limiter: RateLimiter, priority: Priority = INTERACTIVE, seconds: float = 0.0) -> float:
    """Hold one slot for some seconds; returns when it was taken."""
    async with limiter.slot(priority):
        taken = now()
        await asyncio.sleep(seconds)
    return taken


async def fill(limiter: RateLimiter, slots: int) -> None:
    """Use slots that are answered at once."""
    for _ in range(slots):
        await use(limiter)


async def hold_at_once(limiter: RateLimiter, slots: int) -> None:
    """Wait until that many slots are held at the same time."""
    barrier = asyncio.Barrier(slots)

    async def hold() -> None:
        async with limiter.slot():
            await barrier.wait()

    await asyncio.gather(*(hold() for _ in range(slots)))


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else run, one round of the loop at a time, until the condition holds."""
    while not condition():  # noqa: ASYNC110 - no event announces it
        await asyncio.sleep(0)


def most_in_a_window(times: list[float], per: float, slack: float = 1e-9) -> int:
    """The most of these times within one half-open window.

    The slack is for ten digits of a clock that stands at 1,000 s: rounding, not behaviour.
    """
    return max((sum(start <= at < start + per - slack for at in times) for start in times), default=0)


def run_real(main: Coroutine[Any, Any, None]) -> None:
    """Like ``asyncio.run``, in debug mode and not for ever."""

    async def bounded() -> None:
        async with asyncio.timeout(STUCK):
            await main

    asyncio.run(bounded(), debug=True)


@asynccontextmanager
async def redis_limiting(
    server: RedisServer,
    key: str,
    *limits: RateLimit,
    wrap: Callable[[RedisCommands], Any] = lambda redis: redis,
    **options: Any,
) -> AsyncGenerator[RedisSlidingWindowLimiter]:
    """A limiter with a redis client of its own, as another process would have one."""
    async with Redis(unix_socket_path=server.socket) as redis:
        limiter = RedisSlidingWindowLimiter(wrap(redis), limits, key=key, **options)
        yield limiter
        await limiter.aclose()


class InMemory:
    """The limiter of one process, on the virtual clock: every time is exact."""

    window = 10.0
    """Seconds of a typical window."""
    margin = GIVEN_UP_MARGIN
    slack = 1e-9
    stated_slack = 0.0
    """Seconds that may have passed of a wait by the time an error states it."""
    tick = 0.5
    """Seconds in which everything that was asked for is in the queue."""

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run a test."""
        run_virtual(main)

    @asynccontextmanager
    async def pair(
        self, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[tuple[RateLimiter, RateLimiter]]:
        """Two ways to one limit: here, the same limiter twice."""
        limiter = SlidingWindowLimiter(limits, **options)
        yield limiter, limiter

    async def queued(self, limiter: RateLimiter) -> None:
        """Wait until everything asked of a limiter is in its queue."""
        for _ in range(3):
            await asyncio.sleep(0)

    def check_waited(self, seconds: float, expected: float) -> None:
        """A wait lasted as long as expected."""
        assert seconds == pytest.approx(expected, abs=self.slack)


@attrs.frozen
class InRedis:
    """The limiter of many processes, on the clock of a real Redis: windows are short, and times lower bounds."""

    server: RedisServer
    window = 0.2
    margin = SHORT_MARGIN
    slack = 1e-3
    stated_slack = 10.0
    tick = 0.02

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run a test."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(redis_limiter, "GIVEN_UP_MARGIN", self.margin)
            run_real(main)

    @asynccontextmanager
    async def pair(
        self, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[tuple[RateLimiter, RateLimiter]]:
        """Two ways to one limit: limiters of one key with connections of their own, as two processes have them."""
        key = uuid.uuid4().hex
        async with (
            redis_limiting(self.server, key, *limits, **options) as first,
            redis_limiting(self.server, key, *limits, **options) as second,
        ):
            yield first, second

    async def queued(self, limiter: RateLimiter) -> None:
        """Wait until Redis knows everything asked of a limiter."""
        assert isinstance(limiter, RedisSlidingWindowLimiter)
        await asyncio.sleep(0)
        await until(lambda: limiter._reporting is None)

    def check_waited(self, seconds: float, expected: float) -> None:
        """A wait lasted at least as long as expected."""
        assert seconds >= expected - self.slack


Kind = InMemory | InRedis
"""Which limiter a test runs over."""

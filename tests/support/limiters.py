"""The limiters under test, and how to run one test over all of them."""

from __future__ import annotations

import asyncio
import math
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import attrs
import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from meltingspot_async import Priority, RateLimit, RateLimiter, SlidingWindowLimiter
from meltingspot_async.rate_limit._shared import SOONEST, STEPS, SharedLimiter
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit._store import RedisCommands
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter
from meltingspot_async.sqlite_limit._file import LimitFile

from .clock import now, short_stacks
from .limit_file import InlineStore, loop_reading
from .redis_script import ClockedScript, loop_microseconds
from .redis_server import RedisServer

BULK, INTERACTIVE = Priority.BULK, Priority.INTERACTIVE

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

    with short_stacks():
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
    """The limiter of one process."""

    steps = math.inf
    """In how many steps the slots of a window come free."""

    @asynccontextmanager
    async def pair(
        self, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[tuple[SlidingWindowLimiter, SlidingWindowLimiter]]:
        """Two ways to one limit: here, the same limiter twice."""
        limiter = SlidingWindowLimiter(limits, **options)
        yield limiter, limiter


class _ManyProcesses(ABC):
    """A limiter of many processes, on the virtual clock."""

    steps = float(STEPS)

    @abstractmethod
    def one(self, key: str, *limits: RateLimit, **options: Any) -> AbstractAsyncContextManager[SharedLimiter]:
        """A limiter as one of several processes has it."""

    @asynccontextmanager
    async def pair(
        self, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[tuple[SharedLimiter, SharedLimiter]]:
        """Two ways to one limit: two limiters of one key, as two processes have them."""
        key = uuid.uuid4().hex
        async with self.one(key, *limits, **options) as first, self.one(key, *limits, **options) as second:
            yield first, second


@attrs.frozen
class InRedis(_ManyProcesses):
    """The limiter of many processes, in a real Redis that tells the time of the test."""

    server: RedisServer

    @asynccontextmanager
    async def one(
        self, key: str, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[RedisSlidingWindowLimiter]:
        async with clocked(self.server, key, *limits, **options) as limiter:
            yield limiter


@attrs.frozen
class InSqlite(_ManyProcesses):
    """The limiter of the processes of one machine, in a real file, at the time of the test."""

    path: Path

    @asynccontextmanager
    async def one(
        self, key: str, *limits: RateLimit, **options: Any
    ) -> AsyncGenerator[SqliteSlidingWindowLimiter]:
        limiter = SqliteSlidingWindowLimiter(self.path, limits, key=key, **options)
        limiter._store = InlineStore(LimitFile(self.path, key, limiter._rules, loop_reading))
        yield limiter
        await limiter.aclose()


Shared = InRedis | InSqlite
"""Which limiter of many processes a test runs over, on the virtual clock."""

Kind = InMemory | Shared
"""Which limiter a test runs over, on the virtual clock."""


@asynccontextmanager
async def clocked(
    server: RedisServer, key: str, *limits: RateLimit, **options: Any
) -> AsyncGenerator[RedisSlidingWindowLimiter]:
    """A limiter over a Redis that tells the time of the running loop."""
    with SyncRedis(unix_socket_path=server.socket) as redis:
        limiter = RedisSlidingWindowLimiter(
            ClockedScript(redis, loop_microseconds), limits, key=key, **options
        )
        yield limiter
        await limiter.aclose()


def lasted(kind: Kind, expected: float, per: float) -> Any:
    """What a wait of ``expected`` seconds for a slot of a limit of ``per`` seconds may last."""
    grain = per / kind.steps + (1e-9 if isinstance(kind, InMemory) else SOONEST / 1e6)
    return pytest.approx(expected + grain / 2, abs=grain / 2 + 1e-9)


async def free_slots(limiter: SlidingWindowLimiter | SharedLimiter) -> dict[RateLimit, int]:
    """How many slots of each limit are free."""
    free = limiter.free()
    return free if isinstance(free, dict) else await free


async def queued() -> None:
    """Wait until everything asked of a limiter on the virtual clock is in its queue."""
    for _ in range(5):
        await asyncio.sleep(0)


class NoLimit:
    """Whoever asks gets a slot: what a limiter learns from a 429 is its own story."""

    def slot(
        self, priority: object = None, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        return nullcontext()

"""Limiters of other authors, and none, in the place of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter
from pyrate_limiter import Limiter, Rate

from meltingspot_async import Priority, RateLimit, RateLimiter, SlidingWindowLimiter


class Aiolimiter:
    """A leaky bucket: as many at once as it holds, and then one for each that leaked."""

    def __init__(self, limit: RateLimit) -> None:
        self._bucket = AsyncLimiter(limit.requests, limit.per)

    @asynccontextmanager
    async def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AsyncGenerator[None]:
        async with self._bucket:
            yield


class Pyrate:
    """A window of the moments at which slots were taken."""

    def __init__(self, limit: RateLimit) -> None:
        self._limiter = Limiter(Rate(limit.requests, round(limit.per * 1000)))

    @asynccontextmanager
    async def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AsyncGenerator[None]:
        assert await self._limiter.try_acquire_async("key")
        yield


class NoLimiter:
    """Everything at once."""

    def __init__(self, limit: RateLimit) -> None:
        pass

    @asynccontextmanager
    async def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AsyncGenerator[None]:
        yield


def ours(limit: RateLimit) -> RateLimiter:
    return SlidingWindowLimiter([limit])


ON_THE_LOOPS_CLOCK: dict[str, Callable[[RateLimit], RateLimiter]] = {
    "ours": ours,
    "aiolimiter": Aiolimiter,
    "no limiter": NoLimiter,
}
OF_ALL = ON_THE_LOOPS_CLOCK | {"PyrateLimiter": Pyrate}

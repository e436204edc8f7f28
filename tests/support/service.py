"""A service that counts as MeltingSpot may: a sliding window, and 429 for what is beyond it. Without sockets."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs

from meltingspot_async import Priority, RateLimit, RateLimiter, RateLimitError

from .clock import now


@attrs.define
class Service:
    """What arrives there, on the virtual clock. Answers take 0.15 to 0.25 s."""

    limit: RateLimit = attrs.field(factory=lambda: RateLimit(100, per=10.0))
    chance: random.Random = attrs.field(factory=lambda: random.Random(7))
    retry_after: float | None = None
    """Seconds that it asks for in a 429; ``None`` if it names no time."""
    passed: deque[float] = attrs.field(factory=deque[float])
    received: list[float] = attrs.field(factory=list[float])
    """When requests of the limiter under test arrived."""
    refused: list[float] = attrs.field(factory=list[float])
    """When those were refused."""

    def passes(self) -> bool:
        """Whether a request that arrives now is within the limit."""
        while self.passed and self.passed[0] <= now() - self.limit.per:
            self.passed.popleft()
        if len(self.passed) >= self.limit.requests:
            return False
        self.passed.append(now())
        return True

    async def ask(self, limiter: RateLimiter, priority: Priority = Priority.INTERACTIVE) -> float:
        """One call: requests until one passes. Returns how long it waited for its first slot."""
        started, waited, refusals = now(), -1.0, 0
        while True:
            try:
                async with limiter.slot(priority):
                    waited = now() - started if waited < 0 else waited
                    travel = self.chance.uniform(0.15, 0.25)
                    await asyncio.sleep(travel / 2)
                    self.received.append(now())
                    passes = self.passes()
                    if not passes:
                        self.refused.append(now())
                    await asyncio.sleep(travel / 2)
                    if not passes:
                        pause = self.retry_after or 0.5 * 2.0**refusals
                        raise RateLimitError(429, "/", retry_after=self.retry_after, pause=pause)
            except RateLimitError:
                refusals += 1
            else:
                return waited

    @asynccontextmanager
    async def used_by_others(self, share: float) -> AsyncGenerator[None]:
        """Another program uses a share of the key all the time, and never waits."""

        async def use() -> None:
            while True:
                await asyncio.sleep(
                    self.chance.uniform(0.5, 1.5) * self.limit.per / self.limit.requests / share
                )
                self.passes()

        using = asyncio.create_task(use())
        await asyncio.sleep(1.5 * self.limit.per)
        yield
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)


@asynccontextmanager
async def batch(service: Service, limiter: RateLimiter, waiting: int = 150) -> AsyncGenerator[list[float]]:
    """A batch that always has so many requests waiting. Gives the times at which its answers were in."""
    answered: list[float] = []

    async def work() -> None:
        while True:
            await service.ask(limiter, Priority.BULK)
            answered.append(now())

    workers = [asyncio.create_task(work()) for _ in range(waiting)]
    yield answered
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)

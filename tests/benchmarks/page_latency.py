"""How long a page waits for its answer beside a batch that always has 150 requests waiting, with each limiter.

On the virtual clock. ``python -m tests.benchmarks.pages_beside_a_batch`` measures ours on a socket and in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import TypeVarTuple

from meltingspot_async import RateLimit, RateLimiter
from tests.support.clock import VirtualLoop, now
from tests.support.service import Service, batch

from .measure import Row, row
from .other_limiters import ON_THE_LOOPS_CLOCK

Given = TypeVarTuple("Given")

PATIENCE = 60.0
"""Seconds after which nobody looks at the page any more."""


class FineLoop(VirtualLoop):
    """Every timer moves its clock on: a delay too small to add to the time would come round for ever."""

    def call_at(
        self,
        when: float,
        callback: Callable[[*Given], object],
        *args: *Given,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return super().call_at(max(when, self.time() + 1e-6), callback, *args, context=context)


async def waits(make: Callable[[RateLimit], RateLimiter], seconds: int) -> list[float]:
    """Seconds until the answer, of pages that come every second."""
    service = Service()
    limiter = make(service.limit)

    async def page() -> float:
        started = now()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await service.ask(limiter)
        return now() - started

    async with batch(service, limiter):
        pages: list[asyncio.Task[float]] = []
        for _ in range(seconds):
            await asyncio.sleep(1.0)
            pages.append(asyncio.create_task(page()))
        return sorted(await asyncio.gather(*pages))


def rows(quick: bool) -> list[Row]:
    """Half of the pages, and 95 of 100, with each limiter."""
    took: dict[str, list[float]] = {}
    for name, make in ON_THE_LOOPS_CLOCK.items():
        with asyncio.Runner(loop_factory=FineLoop) as runner:
            took[name] = runner.run(waits(make, 20 if quick else 120))
    ours = took.pop("ours")
    return [
        row(f"{share} % of the pages have their answer within", ours[at], name, other[at], "s")
        for share in (50, 95)
        for name, other in took.items()
        for at in (len(other) * share // 100,)
    ]

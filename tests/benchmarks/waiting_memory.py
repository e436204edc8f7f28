"""How much memory a call holds while it waits for its slot, beside a task that only sleeps."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable

from meltingspot_async import MeltingSpotClient, RateLimit, SlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot

from .measure import Row, row

NOWHERE = "http://127.0.0.1:9"


async def kib_of_each(call: Callable[[int], Awaitable[object]], count: int) -> float:
    """Memory of each of so many tasks once all of them wait."""

    async def run(number: int) -> None:
        await call(number)

    first = asyncio.create_task(run(-1))
    await asyncio.sleep(0.05)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tasks = [asyncio.create_task(run(number)) for number in range(count)]
    await asyncio.sleep(0.2)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for task in (first, *tasks):
        task.cancel()
    await asyncio.gather(first, *tasks, return_exceptions=True)
    return (after - before) / count / 1024


async def waiting_calls(count: int) -> list[Row]:
    """Calls whose only slot somebody else holds."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1_000.0)], patience=1e6)
    async with (
        MeltingSpotClient(FakeMeltingSpot.api_key, base_url=NOWHERE, limiter=limiter) as client,
        limiter.slot(),
    ):
        participants = client.course_participants
        ours = await kib_of_each(lambda number: participants.get("c", f"participant-{number}"), count)
    asleep = await kib_of_each(lambda _: asyncio.sleep(1_000.0), count)
    return [row(f"A call that waits, one of {count:,}", ours, "a task that sleeps", asleep, "KiB")]


def rows(quick: bool) -> list[Row]:
    """Memory of callers that wait."""
    return asyncio.run(waiting_calls(200 if quick else 1_000))

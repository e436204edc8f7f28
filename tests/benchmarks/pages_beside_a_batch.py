"""Pages beside a batch, on a real socket and the machine's clock: ``python -m tests.benchmarks.pages_beside_a_batch``.

Figures to be read; they pass or fail nothing.
"""

from __future__ import annotations

import asyncio

from meltingspot_async import AttemptStarted, Event, MeltingSpotClient, Priority, SlidingWindowLimiter
from meltingspot_async.rate_limit import DOCUMENTED_LIMITS
from meltingspot_async.testing import FakeMeltingSpot

from .measure import show

SECONDS, WAITING = 60, 150


async def beside_a_batch(reserve: float) -> None:
    """How long pages wait that come every second, and what the batch gets."""
    waits: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, AttemptStarted):
            waits.append(event.waited)

    async with FakeMeltingSpot(cold=0.25, warm=0.2) as fake:
        fake.seed("c", 200)
        limiter = SlidingWindowLimiter(DOCUMENTED_LIMITS, reserve=reserve)
        async with (
            MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter, coalesce=False) as batch,
            MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter, on_event=note) as pages,
        ):
            answered = 0

            async def work() -> None:
                nonlocal answered
                participants = batch.with_options(priority=Priority.BULK).course_participants
                while True:
                    await participants.get("c", "participant-1")
                    answered += 1

            workers = [asyncio.create_task(work()) for _ in range(WAITING)]
            loading: list[asyncio.Task[object]] = []
            for number in range(SECONDS):
                await asyncio.sleep(1.0)
                loading.append(
                    asyncio.create_task(pages.course_participants.get("c", f"participant-{number}"))
                )
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, *loading, return_exceptions=True)
    waits.sort()
    show(f"reserve={reserve:g}: seconds that half of the pages wait", waits[len(waits) // 2])
    show(f"reserve={reserve:g}: seconds that 95 % of the pages wait", waits[int(0.95 * len(waits))])
    show(f"reserve={reserve:g}: seconds that a page waits at most", waits[-1])
    show(f"reserve={reserve:g}: answers of the batch in a second", answered / SECONDS)
    show(f"reserve={reserve:g}: the most received in a window of 100", fake.most_received(10.0))


async def main() -> None:
    for reserve in (0.0, 0.05):
        await beside_a_batch(reserve)


if __name__ == "__main__":
    asyncio.run(main())

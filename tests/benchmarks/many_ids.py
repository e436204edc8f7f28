"""How many requests many ids take, beside one request for each."""

from __future__ import annotations

import asyncio

from meltingspot_async import MeltingSpotClient, SlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot

from .measure import WIDE, Row, row


async def requests_for(counts: list[int], course: int | None) -> list[Row]:
    """``get_many`` of so many ids, of a course of so many participants, or of as many as there are ids."""
    found: list[Row] = []
    for count in counts:
        async with FakeMeltingSpot(limits=WIDE) as fake:
            everyone = fake.seed("c", course or count)
            ids = everyone[:: len(everyone) // count]
            limiter = SlidingWindowLimiter(WIDE)
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
                answered = {result.id async for result in client.course_participants.get_many("c", ids)}
            assert answered == set(ids)
            title = f"{count:,} ids of a course of {course or count:,}"
            found.append(row(title, len(fake.received), "one request for each", count, "requests"))
    return found


def rows(quick: bool) -> list[Row]:
    """Courses of as many participants, and one that is far larger."""
    counts = [10, 100, 1_000] if quick else [10, 100, 1_000, 10_000]
    larger = 5_000 if quick else 50_000
    return asyncio.run(requests_for(counts, None)) + asyncio.run(requests_for(counts, larger))

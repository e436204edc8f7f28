"""A course of a fake service and a client of it, with a limit that does not get in the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from meltingspot_async import (
    CourseParticipant,
    FetchResult,
    MeltingSpotClient,
    RateLimit,
    SlidingWindowLimiter,
)
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

WIDE = RateLimit(10_000, per=10.0)
Result = FetchResult[CourseParticipant]


enrolled = cache(make_course_participant)
"""A participant by number, made once for all tests, since they cannot be changed."""


@asynccontextmanager
async def course(
    size: int, *, fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient, list[str]], None]:
    """A course of that size in a fake service, a client of it, and the ids of the participants."""
    async with fake or FakeMeltingSpot(limits=[WIDE]) as running:
        participants = [enrolled(number, course_id="c") for number in range(size)]
        running.add(*participants)
        ids = [participant.id for participant in participants]
        options.setdefault("limiter", SlidingWindowLimiter([WIDE]))
        async with MeltingSpotClient(running.api_key, base_url=running.base_url, **options) as client:
            yield running, client, ids


async def fetch(client: MeltingSpotClient, ids: Any, **options: Any) -> list[Result]:
    """All results of ``get_many`` for participants of the course ``c``."""
    return [result async for result in client.course_participants.get_many("c", ids, **options)]

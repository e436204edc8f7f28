"""A course of a fake service, a client with freshness, and what it reports."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from meltingspot_async import (
    Event,
    FreshAnswer,
    Freshness,
    MeltingSpotClient,
    RefreshFailed,
    StaleAnswer,
)
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from .calls import get
from .course import course

POLICY = Freshness(max_age=30.0, stale_if_error=600.0)


@attrs.define
class Course:
    """What a test of freshness looks at."""

    fake: FakeMeltingSpot
    client: MeltingSpotClient
    events: list[Event]

    @property
    def given(self) -> list[FreshAnswer | StaleAnswer | RefreshFailed]:
        """What was reported of kept answers."""
        return [e for e in self.events if isinstance(e, FreshAnswer | StaleAnswer | RefreshFailed)]

    def change(self, rate: int, number: int = 0) -> None:
        """Let the service have another completion rate for a participant."""
        changed = make_course_participant(number, course_id="c")
        self.fake.add(attrs.evolve(changed, completion_rate=rate))

    async def rate(self, number: int = 0, client: MeltingSpotClient | None = None) -> int:
        """The completion rate that a page gets to see."""
        return (await get(client or self.client, number)).completion_rate


@asynccontextmanager
async def fresh_course(
    size: int = 50,
    *,
    freshness: Freshness | None = POLICY,
    fake: FakeMeltingSpot | None = None,
    **options: Any,
) -> AsyncGenerator[Course]:
    """A course with participants whose rates are 0, and a client with freshness."""
    events: list[Event] = []
    options = {"freshness": freshness, "on_event": events.append} | options
    async with course(size, fake=fake, **options) as (running, client, _):
        found = Course(running, client, events)
        for number in range(size):
            found.change(0, number)
        yield found

"""A fake service, a client of it, and the outcome of asking for a participant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp

from meltingspot_async import (
    CourseParticipant,
    MeltingSpotClient,
    MeltingSpotError,
    to_dict,
)
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

PATH = "/v1/courses/c/participants/participant-0"


@asynccontextmanager
async def serving(
    fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient], None]:
    """A fake service with 200 participants in the course c, and a client of it."""
    async with fake or FakeMeltingSpot() as running:
        running.add_documents("/v1/courses/c/participants", *_participants())
        async with MeltingSpotClient(
            running.api_key,
            base_url=running.base_url,
            **options,
        ) as client:
            yield running, client


@cache
def _participants() -> list[dict[str, object]]:
    """200 participants, as the service writes them."""
    return [to_dict(make_course_participant(number, course_id="c")) for number in range(200)]


def get(client: MeltingSpotClient, number: int = 0) -> asyncio.Task[CourseParticipant]:
    """Ask for one participant, in a task of its own."""
    return asyncio.create_task(client.course_participants.get("c", f"participant-{number}"))


async def outcome(client: MeltingSpotClient, number: int = 0) -> CourseParticipant | BaseException:
    """The outcome of asking for one participant."""
    return (await asyncio.gather(get(client, number), return_exceptions=True))[0]


async def failure(client: MeltingSpotClient) -> MeltingSpotError:
    """The error that asking for a participant ends with."""
    error = await outcome(client)
    assert isinstance(error, MeltingSpotError)
    return error


def busy_connections(session: aiohttp.ClientSession) -> int:
    """Connections of a session that are in use."""
    assert session.connector is not None
    return len(session.connector._acquired)

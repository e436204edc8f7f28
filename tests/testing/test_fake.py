"""The fake service: its limit, its items and its faults are those that a test asked for."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from meltingspot_async import (
    MeltingSpotClient,
    NotFoundError,
    ParticipantStatus,
    RateLimit,
)
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_course_participant


async def statuses(fake: FakeMeltingSpot, count: int) -> list[tuple[int, str | None]]:
    """Status and Retry-After of requests sent at once, without any limit of ours."""
    async with aiohttp.ClientSession(headers={"Authorization": fake.api_key}) as session:
        url = f"{fake.base_url}/v1/courses/c/participants/participant-0"

        async def ask() -> tuple[int, str | None]:
            async with session.get(url) as answer:
                return answer.status, answer.headers.get("Retry-After")

        return await asyncio.gather(*(ask() for _ in range(count)))


async def test_fake_service_accepts_no_more_than_its_limit() -> None:
    """Of 5 requests at once 3 are accepted; the others learn when to try again, and are accepted then."""
    async with FakeMeltingSpot(limits=[RateLimit(3, per=10.0), RateLimit(4, per=60.0)]) as fake:
        fake.seed("c", 1)
        assert sorted(await statuses(fake, 5), key=str) == [(200, None)] * 3 + [(429, "10")] * 2
        await asyncio.sleep(10.0)
        assert sorted(await statuses(fake, 2), key=str) == [(200, None), (429, "50")]
        assert [request.refused for request in fake.received] == [False] * 3 + [True] * 2 + [False, True]
        assert fake.most_received(10.0) == 5
        assert fake.most_received(60.0) == 7


async def test_fake_service_knows_its_participants_and_nobody_else(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """The fake finds a seeded participant; its 404 says whether the course or the participant is unknown."""
    (only,) = fake_meltingspot.seed("c", 1)
    assert await meltingspot.course_participants.get("c", only) == make_course_participant(0, course_id="c")
    with pytest.raises(NotFoundError, match="participant not found"):
        await meltingspot.course_participants.get("c", "nobody")
    with pytest.raises(NotFoundError, match="course not found"):
        await meltingspot.course_participants.get("nowhere", only)


async def test_faults_apply_in_order_and_once_each(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """Each fault applies to one request; after the last, the fake answers as usual."""
    fake_meltingspot.seed("c", 1)
    fake_meltingspot.fail(Answer(404, b"first"), Answer(404, b"second"))
    for word in ("first", "second"):
        with pytest.raises(NotFoundError, match=word):
            await meltingspot.course_participants.get("c", "participant-0")
    await meltingspot.course_participants.get("c", "participant-0")


def test_made_participants_are_consistent_and_repeatable() -> None:
    """A number gives the same participant every time, with dates that fit its status; each status has its turn."""
    for number in range(40):
        made = make_course_participant(number)
        assert made == make_course_participant(number)
        assert (made.completed_at is not None) == (made.status is ParticipantStatus.COMPLETED)
        assert (made.unenrolled_at is not None) == (made.status is ParticipantStatus.UNENROLLED)
        assert (made.started_at is None) == (made.status is ParticipantStatus.INVITED)
        assert 0 <= made.completion_rate <= 100
    assert {make_course_participant(number).status for number in range(4)} == set(ParticipantStatus)

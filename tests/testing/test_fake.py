"""The fake service: its limit, its items and its faults are those that a test asked for."""

from __future__ import annotations

import asyncio
import json
import threading

import aiohttp
import pytest

from meltingspot_async import (
    DeadlineExceededError,
    MeltingSpotClient,
    NotFoundError,
    QuotaExhaustedError,
    RateLimit,
    UsageError,
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


async def test_received_request_is_known_in_all_its_parts(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """Method, path, query and headers of a request, names of headers in any case; the repr shows no key."""
    fake_meltingspot.seed("a b", 1)
    await meltingspot.get("/v1/courses/a%20b/participants", params={"status[eq]": "Started", "page": 2})
    (request,) = fake_meltingspot.received
    assert (request.method, request.path) == ("GET", "/v1/courses/a%20b/participants")
    assert dict(request.query) == {"status[eq]": "Started", "page": "2"}
    assert request.url == "/v1/courses/a%20b/participants?status[eq]=Started&page=2"
    assert request.headers["authorization"] == request.headers["AUTHORIZATION"] == "fake-key"
    assert "fake-key" not in repr(request)


async def test_client_of_the_fake_keeps_waits_without_waiting() -> None:
    """The fake's clock moves on by what the service asked for, and its limit with it; the loop's does not."""
    async with (
        FakeMeltingSpot(limits=[RateLimit(2, per=10.0)], auth_scheme="Bearer") as fake,
        fake.client() as client,
    ):
        fake.seed("c", 1)
        started = asyncio.get_running_loop().time()
        fake.fail(Answer(503, headers={"Retry-After": "30"}))
        for _ in range(4):
            await client.course_participants.get("c", "participant-0")
        assert asyncio.get_running_loop().time() == pytest.approx(started, abs=0.1)
        times = [request.at for request in fake.received]
        assert times[1] - times[0] >= 30.0
        assert sum(request.refused for request in fake.received) == 1


async def test_client_of_the_fake_gives_up_like_any_other() -> None:
    """A wait beyond the deadline, or a key closed for long, is an error at once."""
    async with FakeMeltingSpot() as fake, fake.client() as client:
        page = client.with_options(deadline=3.0)
        for status in (429, 503):
            fake.fail(Answer(status, headers={"Retry-After": "30"}))
            with pytest.raises(DeadlineExceededError):
                await page.get("/v1/courses")
        fake.fail(Answer(429, headers={"Retry-After": "3600"}))
        with pytest.raises(QuotaExhaustedError):
            await client.get("/v1/courses")
        assert len(fake.received) == 3


def test_client_of_a_fake_that_is_not_running_is_refused() -> None:
    """Before it is started, the fake has no address for a client, and says so."""
    with pytest.raises(UsageError, match="Start the fake first"):
        FakeMeltingSpot().client()


def test_fake_that_cannot_be_started_leaves_no_thread() -> None:
    """In a thread, the fake passes on why it could not start, and ends its thread."""
    threads = threading.active_count()
    with FakeMeltingSpot() as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), FakeMeltingSpot(port=port):
            pass
    assert threading.active_count() == threads


async def test_text_passes_no_comparison_with_a_number() -> None:
    """A filter that compares with a number selects no item whose field is a text other than a date."""
    async with FakeMeltingSpot() as fake, MeltingSpotClient("fake-key", base_url=fake.base_url) as client:
        fake.seed("c", 3)
        listed = await client.get("/v1/courses/c/participants", {"page": 1, "limit": 9, "status[gt]": 0})
        assert json.loads(listed.body)["items"] == []

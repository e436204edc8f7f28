"""Answers that belong to somebody else's request."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import attrs
import pytest

from meltingspot_async import (
    DeadlineExceededError,
    FetchResult,
    InvalidResponseError,
    MeltingSpotClient,
    RateLimit,
    RetryPolicy,
    RetryScheduled,
    SlidingWindowLimiter,
    models,
    to_json,
)
from meltingspot_async.testing import (
    Answer,
    Delay,
    FakeMeltingSpot,
    Fault,
    SendTwice,
    make_course_participant,
)

from ..contract.contract import KNOWN, fill
from ..support.calls import PATH, failure, get, serving

WIDE = RateLimit(100_000, per=10.0)
STRANGER = Answer(200, to_json(make_course_participant(7, course_id="c")).encode())
GETS = {
    "course_participants": ("courseId", "courseParticipantId"),
    "learning_path_participants": ("learningPathId", "learningPathParticipantId"),
    "lives": ("liveId",),
    "spot_members": ("spotMemberId",),
    "custom_roles": ("customRoleId",),
    "channels": ("channelId",),
    "forums": ("forumId",),
}


@pytest.mark.parametrize("given", [False, True])
async def test_answers_sent_twice_reach_nobody_else(given: bool) -> None:
    """Where a proxy sends one answer in seven twice, each caller still gets the participant asked for."""
    chance, fake = random.Random(7), FakeMeltingSpot(limits=[WIDE], warm=0.02)
    async with aiohttp.ClientSession() as session:
        options = {"limiter": SlidingWindowLimiter([WIDE]), "session": session if given else None}
        async with serving(fake, **options) as (_, client):
            fake.fail(*(SendTwice() if chance.random() < 1 / 7 else Delay(0.0) for _ in range(300)))
            places = asyncio.Semaphore(10)

            async def ask(number: int) -> str:
                async with places:
                    return (await get(client, number)).id

            got = await asyncio.gather(*(ask(number) for number in range(200)))
            assert got == [f"participant-{number}" for number in range(200)]
            assert len(fake.received) > 200


async def test_connections_are_replaced_after_an_answer_for_another_id() -> None:
    """After an answer for another id, no connection of before is used again, and those that are idle are closed."""
    fake = FakeMeltingSpot(limits=[WIDE], cold=1.0)
    async with serving(fake, retry=RetryPolicy(backoff_base=0.0)) as (_, client):
        fake.fail(Delay(5.0), STRANGER)
        session = client.session_manager._pool.open().session
        slow = get(client, 1)
        await asyncio.sleep(0.5)
        assert (await get(client)).id == "participant-0"
        first, wrong, again = fake.received
        assert "participant-1" in first.path
        assert again.at - wrong.at == pytest.approx(
            1.0, abs=0.1
        )  # a connection of its own, which takes a second
        assert not session.closed
        assert (await slow).id == "participant-1"
        assert session.closed
        await get(client, 2)
        assert fake.received[-1].at - again.at < 5.0
        assert fake.open_connections == 1


async def test_answer_that_stays_another_one_is_refused() -> None:
    """An answer that has another id after all retries is an InvalidResponseError that names neither id."""
    async with serving(retry=RetryPolicy(attempts=3)) as (fake, client):
        fake.fail(*[STRANGER] * 3)
        error = await failure(client)
        assert isinstance(error, InvalidResponseError)
        assert error.field == "$.id"
        assert "another id than the one asked for" in str(error)
        assert "participant-7" not in str(error)
        assert len(fake.received) == 3


async def test_answer_for_another_id_is_retried_within_the_deadline() -> None:
    """The retry for a wrong id waits like any other, is reported, and must fit into the deadline."""
    seen: list[object] = []
    retry = RetryPolicy(backoff_base=1e6, backoff_max=1e6)
    async with serving(retry=retry, deadline=1.0, on_event=seen.append) as (fake, client):
        fake.fail(STRANGER)
        assert isinstance(await failure(client), DeadlineExceededError)
        fake.fail(STRANGER)
        await client.with_options(retry=RetryPolicy(backoff_base=0.1)).course_participants.get(
            "c", "participant-0"
        )
        assert [e.reason for e in seen if isinstance(e, RetryScheduled)] == ["InvalidResponseError"]


@pytest.mark.parametrize(
    ("asked", "answered", "is_same"),
    [
        ("0b5F-Aa", "0B5f-aA", True),
        ("a/b c", "a%2Fb%20c", True),
        ("a%2fb", "a/b", True),
        ("Straße", "STRASSE", True),
        ("a", "b", False),
        ("a", "a ", False),
        ("a", "", False),
    ],
)
async def test_ids_are_compared_as_a_service_may_spell_them(asked: str, answered: str, is_same: bool) -> None:
    """Ids are the same in upper and lower case, percent-encoded or not; any other difference counts."""
    async with serving(retry=RetryPolicy(attempts=1)) as (fake, client):
        fake.fail(Answer(200, to_json(attrs.evolve(make_course_participant(), id=answered)).encode()))
        request = client.course_participants.get("c", asked)
        if is_same:
            assert (await request).id == answered
        else:
            with pytest.raises(InvalidResponseError):
                await request


@pytest.mark.parametrize("resource", GETS)
async def test_every_get_checks_the_id(resource: str) -> None:
    """The get of every resource, and each single get of get_many, refuses an answer with another id."""
    ids = [KNOWN[name] for name in GETS[resource]]
    fake = FakeMeltingSpot()
    fill(fake)
    async with (
        fake,
        MeltingSpotClient(fake.api_key, base_url=fake.base_url, retry=RetryPolicy(attempts=1)) as client,
    ):
        methods = getattr(client, resource)
        found = await methods.get(*ids)
        assert isinstance(found, models.Model)
        other = Answer(200, to_json(found).replace(ids[-1], "somebody-else").encode())
        fake.fail(other, other)
        with pytest.raises(InvalidResponseError):
            await methods.get(*ids)
        (result,) = [result async for result in methods.get_many(*ids[:-1], [ids[-1]])]
        assert isinstance(result, FetchResult)
        assert isinstance(result.error, InvalidResponseError)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"[]", b'{"id": 7}'])
async def test_answer_of_another_shape_is_refused_at_once(body: bytes) -> None:
    """An answer that is no object, or whose id is no text, is refused for its shape, without a retry."""
    async with serving() as (fake, client):
        fake.fail(Answer(200, body))
        assert isinstance(await failure(client), InvalidResponseError)
        assert len(fake.received) == 1


async def test_page_in_place_of_an_item_is_somebody_elses() -> None:
    """A page of a list where an item was asked for belongs to another request: the call is tried again."""
    page = Answer(200, b'{"items": [], "total": 0}')
    async with serving(retry=RetryPolicy(attempts=2)) as (fake, client):
        fake.fail(page)
        assert (await get(client)).id == "participant-0"
        fake.fail(page, page)
        error = await failure(client)
        assert isinstance(error, InvalidResponseError)
        assert "at $.id: it is missing" in str(error)


async def test_free_get_takes_any_id() -> None:
    """client.get(path) takes whatever the service answers, and does not lend it to a checked call."""
    async with serving() as (fake, client):
        faults: list[Fault] = [STRANGER, Delay(0.1)]
        fake.fail(*faults)
        free = asyncio.create_task(client.get(PATH))
        await asyncio.sleep(0)
        assert (await get(client)).id == "participant-0"
        assert b"participant-7" in (await free).body


async def test_client_that_closes_closes_retired_connections() -> None:
    """Closing the client also closes the connections that were given up while a request used them."""
    fake = FakeMeltingSpot(limits=[WIDE])
    async with fake:
        fake.seed("c", 3)
        client = MeltingSpotClient(fake.api_key, base_url=fake.base_url)
        async with client:
            fake.fail(Delay(50.0), STRANGER)
            slow = get(client, 1)
            await asyncio.sleep(0.5)
            await get(client)
        assert isinstance((await asyncio.gather(slow, return_exceptions=True))[0], Exception)
        await asyncio.sleep(0.1)
        assert fake.open_connections == 0

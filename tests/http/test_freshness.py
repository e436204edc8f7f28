"""Answers that are given again: how old they are, and what they cost."""

from __future__ import annotations

import asyncio
import random

import attrs
import pytest

from meltingspot_async import (
    CourseParticipant,
    FreshAnswer,
    Freshness,
    MeltingSpotClient,
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.testing import Delay, FakeMeltingSpot, make_course_participant

from ..contract.contract import KNOWN, fill
from ..support.calls import PATH, get
from ..support.clock import now
from ..support.course import fetch
from ..support.fresh import fresh_course
from .test_ids import GETS


async def test_thousand_page_loads_of_fifty_ids_in_a_minute_cost_two_requests_an_id() -> None:
    """1,000 page loads in a minute, each of one of 50 ids, cost at most 150 requests, and none is over 30 s old."""
    chance = random.Random(7)
    async with fresh_course() as course:
        clock = now()

        async def load() -> None:
            await asyncio.sleep(chance.randrange(60))
            number = chance.randrange(50)
            await course.client.course_participants.get("c", f"participant-{number}")

        await asyncio.gather(*(load() for _ in range(1_000)))
        assert now() - clock < 61.0
        assert 50 <= len(course.fake.received) <= 150
        assert max(given.age for given in course.given if isinstance(given, FreshAnswer)) < 30.0


async def test_fresh_answer_costs_no_request_and_no_slot() -> None:
    """Within max_age the participant is given again, at once and with its age; after it, the service is asked."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1_000.0)])
    async with fresh_course(limiter=limiter) as course:
        first = await get(course.client)
        course.change(80)
        await asyncio.sleep(29.0)
        assert await get(course.client) is first
        assert set(limiter.free().values()) == {0}
        (given,) = course.given
        assert isinstance(given, FreshAnswer)
        assert given.path == PATH
        assert given.age == pytest.approx(29.0, abs=0.1)
        assert str(given).startswith(f"GET {PATH}: given again, 29.0")
        assert len(course.fake.received) == 1


async def test_answer_is_asked_for_again_after_max_age() -> None:
    """An answer older than max_age is not given while the service answers."""
    async with fresh_course() as course:
        assert await course.rate() == 0
        course.change(80)
        await asyncio.sleep(31.0)
        assert await course.rate() == 80
        assert len(course.fake.received) == 2
        assert not course.given


async def test_freshness_is_off_by_default() -> None:
    """Without freshness every get that is not under way already is a request, and nothing is kept."""
    async with fresh_course(freshness=None) as course:
        await get(course.client)
        await get(course.client)
        assert len(course.fake.received) == 2
        assert not course.given
        await get(course.client.with_options(freshness=Freshness()))
        assert len(course.fake.received) == 3


async def test_copies_share_fresh_answers_and_have_their_own_ages() -> None:
    """A copy is given what another received, if it is fresh enough for the copy; one without freshness always asks."""
    async with fresh_course() as course:
        await get(course.client)
        await asyncio.sleep(10.0)
        strict = course.client.with_options(freshness=Freshness(max_age=5.0))
        await get(course.client.with_options(deadline=5.0))
        assert len(course.fake.received) == 1
        await get(strict)
        assert len(course.fake.received) == 2
        await get(course.client.with_options(freshness=None))
        assert len(course.fake.received) == 3


async def test_max_age_of_zero_always_asks() -> None:
    """With max_age=0 every get asks the service."""
    async with fresh_course(freshness=Freshness(max_age=0.0)) as course:
        for _ in range(3):
            await get(course.client)
        assert len(course.fake.received) == 3


async def test_herd_at_expiry_is_one_request() -> None:
    """Two hundred callers who find the answer expired at the same moment cost one request, and all get the new one."""
    async with fresh_course(fake=FakeMeltingSpot(cold=0.1, warm=0.1)) as course:
        await get(course.client)
        course.change(80)
        await asyncio.sleep(31.0)
        rates = await asyncio.gather(*(course.rate() for _ in range(200)))
        assert set(rates) == {80}
        assert len(course.fake.received) == 2


async def test_pages_of_a_list_answer_later_gets() -> None:
    """What a list or get_many received answers gets of its items without a request."""
    async with fresh_course(120) as course:
        listed = await course.client.course_participants.list("c").to_list()
        assert len(course.fake.received) == 2
        assert [await get(course.client, number) for number in (0, 119)] == [listed[0], listed[119]]
        await asyncio.sleep(31.0)
        await fetch(course.client, [f"participant-{number}" for number in range(120)])
        asked = len(course.fake.received)
        await get(course.client, 60)
        assert len(course.fake.received) == asked


async def test_lists_and_raw_gets_always_ask() -> None:
    """Lists, get_many and client.get do not read what is kept."""
    async with fresh_course(2) as course:
        await get(course.client)
        for asked in (2, 3):
            await course.client.course_participants.list("c").to_list()
            assert len(course.fake.received) == asked
        await fetch(course.client, ["participant-0"])
        await course.client.get(PATH)
        assert len(course.fake.received) == 5


async def test_single_requests_of_get_many_answer_later_gets() -> None:
    """An id that get_many asked for singly is fresh, too."""
    async with fresh_course(2) as course:
        await fetch(course.client, ["participant-0"])
        await get(course.client)
        assert len(course.fake.received) == 1


@pytest.mark.parametrize("resource", GETS)
async def test_list_of_every_resource_answers_its_gets(resource: str) -> None:
    """Whatever can be listed and asked for singly is given again after a list; what is listed elsewhere is not kept."""
    ids = [KNOWN[name] for name in GETS[resource]]
    async with fresh_course(1) as course:
        fill(course.fake)
        await course.client.groups.list_members("g-1").to_list()
        assert not len(course.client.session_manager.fresh.kept)
        methods = getattr(course.client, resource)
        listed = await methods.list(*ids[:-1]).to_list()
        assert await methods.get(*ids) in listed
        assert len(course.fake.received) == 2


async def test_uuid_is_the_same_in_any_case_and_other_ids_are_not() -> None:
    """A UUID that is spelt in capitals is given again; another id that differs in case is another item."""
    async with fresh_course(1) as course:
        uuid = "0b1e9d58-7f3b-4c77-9a4a-1d0c3a1b2c3d"
        for item_id in (uuid, "Ab", "aB"):
            course.fake.add(attrs.evolve(make_course_participant(0, course_id="c"), id=item_id))
        for item_id in (uuid, uuid.upper(), "Ab", "aB"):
            found = await course.client.course_participants.get("c", item_id)
            assert found.id == (uuid if "-" in item_id else item_id)
        assert len(course.fake.received) == 3


async def test_deadline_cancellation_and_sharing_are_those_of_every_call() -> None:
    """A caller who is cancelled while an expired answer is asked for does not end it for the others."""
    async with fresh_course() as course:
        await get(course.client)
        await asyncio.sleep(31.0)
        course.fake.fail(Delay(5.0))
        callers = [get(course.client) for _ in range(3)]
        await asyncio.sleep(1.0)
        callers[0].cancel()
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert all(isinstance(result, CourseParticipant) for result in results[1:])
        assert len(course.fake.received) == 2


async def test_closed_client_gives_nothing_again() -> None:
    """After aclose a get is a UsageError, however fresh the answer."""
    async with fresh_course() as course:
        await get(course.client)
        await course.client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await get(course.client)


async def test_closing_ends_a_get_whose_answer_has_expired() -> None:
    """A get that asks for a newer answer when the client is closed is a UsageError, not an older answer."""
    async with fresh_course() as course:
        await get(course.client)
        await asyncio.sleep(31.0)
        course.fake.fail(Delay(50.0))
        caller = get(course.client)
        await asyncio.sleep(1.0)
        await course.client.aclose()
        with pytest.raises(UsageError, match="closed while"):
            await caller
        assert not course.given


def test_fresh_answer_stays_on_its_loop() -> None:
    """A client used on a second event loop gives nothing again there: ages are times of the first one's clock."""
    client = MeltingSpotClient("k", freshness=Freshness())
    session = client.session_manager
    with asyncio.Runner() as first, asyncio.Runner() as second:

        async def use() -> None:
            session.check_open()

        async def misuse() -> None:
            with pytest.raises(UsageError, match="one client per event loop"):
                await client.course_participants.get("c", "p")

        first.run(use())
        second.run(misuse())
        first.run(client.aclose())


@pytest.mark.parametrize(
    "wrong", [{"max_age": -1.0}, {"stale_if_error": float("nan")}, {"entries": 0}, {"entries": 1.5}]
)
def test_impossible_freshness_is_refused(wrong: dict[str, float]) -> None:
    """Ages are numbers, 0 or above, and entries a whole number, 1 or above; the error names the field."""
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Freshness(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="freshness"):
        MeltingSpotClient("k", freshness=30.0)  # type: ignore[arg-type]

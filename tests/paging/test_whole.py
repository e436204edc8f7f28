"""A list is whole, also when it moves while it is read, and when its total or its pages are not what they seem."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import Literal

import pytest

from meltingspot_async import BadRequestError, ListChangedError, MeltingSpotClient
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.course import WIDE, course

Change = Callable[[FakeMeltingSpot, int], None]


def add_first(count: int) -> Change:
    """Participants are added at the beginning of the course."""

    def change(fake: FakeMeltingSpot, page: int) -> None:
        numbers = range(10_000 + page * count, 10_000 + (page + 1) * count)
        fake.add_first(*(make_course_participant(number, course_id="c") for number in numbers))

    return change


def remove(count: int) -> Change:
    """Participants are removed who were read already."""

    def change(fake: FakeMeltingSpot, page: int) -> None:
        for number in range((page - 1) * 100, (page - 1) * 100 + count):
            fake.remove(make_course_participant(number, course_id="c"))

    return change


async def read(
    client: MeltingSpotClient,
    fake: FakeMeltingSpot,
    change: Change,
    pages_with_change: set[int],
    **options: str,
) -> tuple[list[str], int]:
    """Read a course that changes while some of its pages are used; the ids given, and what is missing."""
    listing = client.course_participants.list("c", **options)  # type: ignore[arg-type]
    given: list[str] = []
    used = 0
    async with aclosing(listing.pages()) as pages:
        async for page in pages:
            used += 1
            given += [participant.id for participant in page.items]
            if used in pages_with_change:
                change(fake, used)
    return given, listing.missing


@pytest.mark.parametrize("first_page", [0, 1])
async def test_additions_lose_nothing(first_page: Literal[0, 1]) -> None:
    """Sixty participants added while the list is read keep none of the others from being given, once."""
    async with course(500, fake=FakeMeltingSpot(limits=[WIDE], first_page=first_page)) as (fake, client, ids):
        given, missing = await read(client, fake, add_first(60), {1})
        assert set(ids) <= set(given)
        assert len(given) == len(set(given))
        assert missing == 0
        assert len(fake.received) <= 8 + (first_page == 0) * 6


async def test_additions_of_whole_pages_lose_nothing() -> None:
    """Pages full of repeats do not end the list."""
    async with course(500) as (fake, client, ids):
        given, missing = await read(client, fake, add_first(300), {1})
        assert set(ids) <= set(given)
        assert len(given) == len(set(given))
        assert missing == 0


@pytest.mark.parametrize("first_page", [0, 1])
async def test_shrunken_list_is_read_once_more(first_page: Literal[0, 1]) -> None:
    """When participants are removed, others move to pages that were read: they are given by a second reading."""
    async with course(500, fake=FakeMeltingSpot(limits=[WIDE], first_page=first_page)) as (fake, client, ids):
        given, missing = await read(client, fake, remove(50), {1})
        assert sorted(given) == sorted(ids) or set(ids[50:]) <= set(given)
        assert len(given) == len(set(given))
        assert missing == 0


async def test_list_that_moves_twice_is_an_error_at_its_end() -> None:
    """If the second reading moves as well, the items are given and then the caller learns that some may be missing."""
    async with course(900) as (fake, client, _):
        given: list[str] = []

        async def read_and_remove() -> None:
            async with aclosing(client.course_participants.list("c").pages()) as pages:
                async for page in pages:
                    given.extend(participant.id for participant in page.items)
                    last = int(given[-1].removeprefix("participant-"))
                    fake.remove(make_course_participant(last, course_id="c"))

        with pytest.raises(ListChangedError, match="at least 0 items are missing") as changed:
            await read_and_remove()
        assert len(given) == len(set(given))
        assert changed.value.path == "/v1/courses/c/participants"


async def test_list_that_moves_twice_can_be_taken_as_it_is() -> None:
    """With on_changed="ignore" a list that moves in both readings ends without an error."""
    given: list[str] = []
    async with course(900) as (fake, client, _):
        listing = client.course_participants.list("c", on_changed="ignore")
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                given.extend(participant.id for participant in page.items)
                last = int(given[-1].removeprefix("participant-"))
                fake.remove(make_course_participant(last, course_id="c"))
    assert len(given) == len(set(given))
    assert listing.missing == 0


async def test_item_that_changed_its_place_has_the_list_read_once_more() -> None:
    """An item that moves from a page that was read to a later one pulls another one out of sight: both are given."""

    def to_the_end(fake: FakeMeltingSpot, page: int) -> None:
        moving = make_course_participant(0, course_id="c")
        fake.remove(moving)
        fake.add(moving)

    async with course(500) as (fake, client, ids):
        given, missing = await read(client, fake, to_the_end, {1})
        assert sorted(given) == sorted(ids)
        assert missing == 0


@pytest.mark.parametrize("first_page", [0, 1])
async def test_removal_that_takes_the_last_page_away_has_the_list_read_once_more(
    first_page: Literal[0, 1],
) -> None:
    """A page that is refused, since its only item moved to one that was read already, is no end and no error."""
    answers = 0

    def remove_one(items: int, page: int) -> int:
        nonlocal answers
        answers += 1
        if answers == 4 + first_page:
            fake.remove(make_course_participant(0, course_id="c"))
        return items

    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, past_the_end="404", claimed_total=remove_one)
    async with course(26, fake=fake, page_size=5) as (_, client, ids):
        listing = client.course_participants.list("c")
        assert {*ids[1:]} <= {participant.id async for participant in listing}
        assert listing.missing == 0


# --- Refused limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("largest", "accepted"), [(50, 50), (30, 20), (10, 10)])
async def test_refused_limit_is_replaced_by_a_smaller_one(largest: int, accepted: int) -> None:
    """A service that refuses limit=100 is asked for fewer, and the client remembers how many it accepted."""
    async with course(120, fake=FakeMeltingSpot(limits=[WIDE], largest_limit=largest)) as (fake, client, ids):
        assert await client.course_participants.list("c").to_list()
        refused = len(fake.received)
        patient = client.with_options(timeout=50.0)
        assert [p.id async for p in patient.course_participants.list("c")] == ids
        assert all(f"limit={accepted}&" in request.url for request in fake.received[refused:])


async def test_first_error_is_raised_if_every_limit_is_refused() -> None:
    """If the service refuses every limit, the error of the first request is raised."""
    async with course(5, fake=FakeMeltingSpot(limits=[WIDE], largest_limit=5)) as (_, client, _ids):
        with pytest.raises(BadRequestError, match="limit must not be above 5"):
            await client.course_participants.list("c").to_list()


async def test_page_size_is_that_of_the_client_unless_the_list_has_its_own() -> None:
    """page_size holds for lists and get_many, in a client, in a copy, and in one list."""
    async with course(60, page_size=50) as (fake, client, ids):
        await client.course_participants.list("c").to_list()
        await client.with_options(page_size=30).course_participants.list("c").first()
        await client.course_participants.list("c", page_size=40).first()
        [result async for result in client.course_participants.get_many("c", ids)]
        limits = [request.url.partition("limit=")[2].partition("&")[0] for request in fake.received]
        assert list(dict.fromkeys(limits)) == ["50", "30", "40"]
        assert limits[-1] == "50"

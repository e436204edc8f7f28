"""A list is whole whatever its `total` counts, and wherever its pages begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from meltingspot_async import MeltingSpotClient, NotFoundError
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_course_participant

from ..support.course import WIDE, course


def capped(items: int, page: int) -> int:
    return min(items, 100)


def of_the_page(items: int, page: int) -> int:
    return page


def zero(items: int, page: int) -> int:
    return 0


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("claimed_total", [capped, of_the_page, zero])
@pytest.mark.parametrize("size", [25, 100, 234, 300])
async def test_total_that_is_too_small_does_not_end_the_list(
    first_page: Literal[0, 1], claimed_total: Callable[[int, int], int], size: int
) -> None:
    """A total that is capped, the page's own or zero ends no list: a page that is not full does."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, claimed_total=claimed_total)
    async with course(size, fake=fake, page_size=10) as (_, client, ids):
        listing = client.course_participants.list("c")
        assert sorted([participant.id async for participant in listing]) == sorted(ids)
        assert listing.missing == 0
        assert len(fake.received) <= size // 10 + 16


async def test_total_that_is_too_large_is_no_error() -> None:
    """A total above the items that are there costs few requests, and the caller learns how many are missing."""
    fake = FakeMeltingSpot(limits=[WIDE], claimed_total=lambda items, _: items + 40)
    async with course(210, fake=fake) as (_, client, ids):
        listing = client.course_participants.list("c")
        assert [participant.id async for participant in listing] == ids
        assert listing.missing == 40
        assert len(fake.received) == 5


@pytest.mark.parametrize("total", [0, -1, 5])
async def test_total_below_the_first_page_does_not_end_the_list(total: int) -> None:
    """A service that gives fewer than asked for, and counts fewer still, is read on."""
    fake = FakeMeltingSpot(limits=[WIDE], largest_page=20, claimed_total=lambda _, __: total)
    async with course(95, fake=fake) as (_, client, ids):
        listing = client.course_participants.list("c")
        assert [participant.id async for participant in listing] == ids
        assert listing.missing == 0


async def read_all(client: MeltingSpotClient, course_id: str) -> list[str]:
    return [participant.id async for participant in client.course_participants.list(course_id)]


async def test_empty_list_costs_one_request() -> None:
    """A list that is empty and says so is asked for once, though nothing is known of the others."""
    async with course(1) as (fake, client, _):
        fake.remove(make_course_participant(0, course_id="c"))
        assert await read_all(client, "c") == []
        assert len(fake.received) == 1


@pytest.mark.parametrize("size", [15, 35])
@pytest.mark.parametrize("first_page", [0, 1])
async def test_totals_that_proved_worthless_are_not_trusted_by_the_next_list(
    first_page: Literal[0, 1], size: int
) -> None:
    """Once a list has shown that `total` counts the page's own items, short lists are read to their end as well."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, largest_page=20, claimed_total=of_the_page)
    async with course(0, fake=fake, page_size=20) as (_, client, _ids):
        long, short = fake.seed("long", 250), fake.seed("short", size)
        assert sorted(await read_all(client, "long")) == sorted(long)
        before = len(fake.received)
        patient = client.with_options(page_size=100)
        assert sorted(await read_all(patient, "short")) == sorted(short)
        assert len(fake.received) - before <= 3


async def test_page_0_is_not_asked_for_again_where_pages_are_counted_from_1() -> None:
    """A service whose totals say nothing is asked for page 0 once, not at the end of each list."""
    async with course(250, fake=FakeMeltingSpot(limits=[WIDE], claimed_total=of_the_page)) as (
        fake,
        client,
        ids,
    ):
        for _ in range(3):
            assert await read_all(client, "c") == ids
        assert sum("page=0" in request.url for request in fake.received) == 1


# --- Refused pages -----------------------------------------------------------------------------------------


def forty_more(items: int, page: int) -> int:
    return items + 40


@pytest.mark.parametrize(("first_page", "size"), [(0, 40), (1, 40), (1, 210)])
async def test_refused_page_behind_a_short_one_is_the_end(first_page: Literal[0, 1], size: int) -> None:
    """A 404 behind a page that is not full is the end of the list, whatever `total` says."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, past_the_end="404", claimed_total=forty_more)
    async with course(size, fake=fake) as (_, client, ids):
        listing = client.course_participants.list("c")
        assert [participant.id async for participant in listing] == ids
        assert listing.missing == 40


@pytest.mark.parametrize("first_page", [0, 1])
async def test_refused_page_behind_a_full_one_is_an_error_after_all_items(first_page: Literal[0, 1]) -> None:
    """A 404 where items should follow is raised, after everything that is there was given, page 0 included."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, past_the_end="404", claimed_total=forty_more)
    async with course(300, fake=fake) as (_, client, ids):
        given: list[str] = []

        async def read() -> None:
            async for participant in client.course_participants.list("c"):
                given.append(participant.id)  # noqa: PERF401 - kept when the list ends in an error

        with pytest.raises(NotFoundError):
            await read()
        assert sorted(given) == sorted(ids)


@pytest.mark.parametrize("status", [400, 422])
async def test_refused_sizes_are_followed_by_smaller_ones(status: int) -> None:
    """A service that refuses 100 items at once is asked for 50, then for 20, and then for 10."""
    async with course(5) as (fake, client, ids):
        fake.fail(*[Answer(status)] * 3)
        assert await read_all(client, "c") == ids
        sizes = [request.url.rpartition("limit=")[2].partition("&")[0] for request in fake.received]
        assert sizes[:4] == ["100", "50", "20", "10"]


async def test_page_refused_for_its_number_is_not_taken_for_a_refused_limit() -> None:
    """A small list counted from 0 has no page 1: what was refused is forgotten by long lists."""
    async with course(30, fake=FakeMeltingSpot(limits=[WIDE], first_page=0, past_the_end="404")) as (
        fake,
        client,
        ids,
    ):
        fake.fail(Answer(400), Answer(422))  # by 100 and by 50; by 20, there is a page 1
        long = fake.seed("long", 1_000)
        assert sorted(await read_all(client, "c")) == sorted(ids)
        before = len(fake.received)
        assert sorted(await read_all(client, "long")) == sorted(long)
        assert len(fake.received) - before <= 11


async def test_small_list_from_page_0_of_a_service_that_refuses_limits_is_whole() -> None:
    """Page 1 of a small list may be refused for its number or for its limit: page 0 is asked for by a smaller limit."""
    for size in (5, 30, 45):
        fake = FakeMeltingSpot(limits=[WIDE], first_page=0, past_the_end="404", largest_limit=20)
        async with course(size, fake=fake) as (_, client, ids):
            assert sorted(await read_all(client, "c")) == sorted(ids)

"""Lists: whole and without repeats, however the service numbers, cuts and repeats its pages."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import aclosing
from typing import Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    CourseParticipant,
    DeadlineExceededError,
    InvalidResponseError,
    MeltingSpotClient,
    NotFoundError,
    Page,
    Priority,
    ServerError,
)
from meltingspot_async._paging.listing import PageWalk
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault

from ..support.clock import run_virtual, tasks_left

PastTheEnd = Literal["empty", "last", "404"]


@attrs.frozen
class Item:
    id: str


def walk_through(
    service: list[Page[Item] | Exception], limit: int, base: int, most: int = 60
) -> tuple[list[str], int]:
    """Read a service whose pages are given from its first page on; what came, and the requests it took."""
    walk: PageWalk[Item] = PageWalk(limit)
    came: list[str] = []
    for requests in itertools.count():
        number = walk.next_page
        if number is None:
            return came, requests
        assert requests < most, "the walk does not end"
        position = number - base
        page = service[position] if 0 <= position < len(service) - 1 else service[-1]
        if isinstance(page, Exception):
            walk.refused(page)
        else:
            came += [item.id for item in walk.read(page).items]
    raise AssertionError


def cut(count: int, size: int) -> list[Page[Item] | Exception]:
    """A list of that many items, in full pages but for the last."""
    items = [Item(str(number)) for number in range(count)]
    return [Page(tuple(items[at : at + size]), count) for at in range(0, count, size)]


@given(
    count=st.integers(0, 120),
    size=st.integers(1, 30),
    limit=st.integers(1, 30),
    base=st.sampled_from([0, 1]),
    past=st.sampled_from(["empty", "last", "404"]),
)
def test_the_walk_is_whole_whatever_the_numbering(
    count: int, size: int, limit: int, base: int, past: PastTheEnd
) -> None:
    """From 0 or from 1, clamped or not, every item comes once; from 1 without a request too many."""
    given_at_once = min(size, limit)
    pages = cut(count, given_at_once) or [Page((), 0)]
    beyond: dict[str, Page[Item] | Exception] = {
        "empty": Page((), count),
        "last": pages[-1],
        "404": NotFoundError(404, "/"),
    }
    came, requests = walk_through([*pages, beyond[past]], limit, base, most=len(pages) + 3)
    assert sorted(came, key=int) == [str(number) for number in range(count)]
    if base == 1 and limit <= size:
        assert requests == len(pages)
    assert requests <= len(pages) + 3


def page_of(ids: list[int], total: int) -> Page[Item]:
    return Page(tuple(Item(str(number)) for number in ids), total)


@given(
    pages=st.lists(
        st.builds(page_of, st.lists(st.integers(0, 40), max_size=8), st.integers(-1, 60)),
        min_size=1,
        max_size=12,
    ),
    base=st.sampled_from([0, 1]),
)
def test_the_walk_ends_on_any_service(pages: list[Page[Item]], base: int) -> None:
    """Short, empty, repeated pages and a total that moves: it ends, and nothing comes twice."""
    came, _ = walk_through([*pages, pages[-1]], 8, base)
    assert len(came) == len(set(came))


@pytest.mark.parametrize("count", [101, 150, 250, 999])
def test_a_short_last_page_tells_where_pages_begin(count: int) -> None:
    """Counted from 0, a list whose last page is short takes no request too many either."""
    pages = cut(count, 100)
    came, requests = walk_through([*pages, Page((), count)], 100, 0)
    assert (len(came), requests) == (count, len(pages))


def test_short_pages_in_the_middle_are_not_the_end() -> None:
    """A page shorter than others, where a list counted from 0 would end, does not end one counted from 1."""
    items = [Item(str(number)) for number in range(250)]
    pages: list[Page[Item] | Exception] = [
        Page(tuple(items[a:b]), 250) for a, b in ((0, 100), (100, 150), (150, 250))
    ]
    came, _ = walk_through([*pages, Page((), 250)], 100, 1)
    assert len(came) == 250


def test_a_list_that_promises_more_than_it_has_ends() -> None:
    """Pages that run dry before the total is reached end the list, also after page 0 was of no help."""
    items = [Item(str(number)) for number in range(210)]
    pages: list[Page[Item] | Exception] = [
        Page(tuple(items[a:b]), 250) for a, b in ((0, 100), (100, 150), (150, 210))
    ]
    came, requests = walk_through([*pages, Page((), 250)], 100, 1)
    assert (len(came), requests) == (210, 5)


@pytest.mark.parametrize("base", [0, 1])
def test_a_list_that_cannot_be_had_whole_says_so(base: int) -> None:
    """If a page is refused and items are missing at the end, the refusal is raised, not swallowed."""
    error = NotFoundError(404, "/")
    with pytest.raises(NotFoundError):
        walk_through([Page((Item("a"),), 5), error, error, error], 1, base)


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("past_the_end", ["empty", "last", "404"])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 300])
async def test_a_course_is_read_whole_over_the_wire(
    first_page: Literal[0, 1], past_the_end: PastTheEnd, count: int
) -> None:
    """Every participant comes once, in as few requests as there are pages if they are counted from 1."""
    async with FakeMeltingSpot(first_page=first_page, past_the_end=past_the_end) as fake:
        ids = fake.seed("c", count)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            read = [participant.id async for participant in client.course_participants.list("c")]
        assert sorted(read) == sorted(ids)
        assert len(fake.received) <= -(-count // 100) + (1 - first_page)


async def test_pages_carry_their_total(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """.pages() gives the pages with the total the service found."""
    fake_meltingspot.seed("c", 250)
    pages = [page async for page in meltingspot.course_participants.list("c").pages()]
    assert [(len(page.items), page.total) for page in pages] == [(100, 250), (100, 250), (50, 250)]
    assert all(isinstance(item, CourseParticipant) for page in pages for item in page.items)


async def test_an_unknown_course_is_an_error(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """The 404 of the course is raised, not taken for an empty list."""
    with pytest.raises(NotFoundError, match="course not found"):
        [participant async for participant in meltingspot.course_participants.list("nowhere")]


async def test_a_list_ends_with_the_error_it_meets(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """An error of a later page is raised after what came before it."""
    fake_meltingspot.seed("c", 250)
    fake_meltingspot.fail(Delay(0.0), Answer(501))
    async with aclosing(meltingspot.course_participants.list("c").pages()) as pages:
        assert len((await anext(pages)).items) == 100
        with pytest.raises(ServerError):
            await anext(pages)


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"total": None}, "$.total", "expected a whole number, got null"),
        ({"items": "abc"}, "$.items", "expected an array, got a string"),
        ({"items": {}}, "$.items", "expected an array, got an object"),
        ({"items": [{"id": "a"}]}, "$.items[0].courseId", "it is missing"),
        ({"items": ["x"]}, "$.items[0]", "expected an object, got a string"),
    ],
    ids=str,
)
async def test_a_page_that_is_none_is_refused(
    fake_meltingspot: FakeMeltingSpot,
    meltingspot: MeltingSpotClient,
    changes: dict[str, object],
    field: str,
    problem: str,
) -> None:
    """A page of another shape is an InvalidResponseError with the path to what is wrong."""
    fake_meltingspot.fail(Answer(200, json.dumps({"items": [], "total": 1} | changes).encode()))
    with pytest.raises(InvalidResponseError) as refused:
        [participant async for participant in meltingspot.course_participants.list("c")]
    assert (refused.value.field, refused.value.problem) == (field, problem)


async def test_a_list_that_ends_early_leaves_a_warning(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that repeats its first page for ever ends the list, and a log record says what is missing."""
    fake_meltingspot.seed("c", 3)
    body = (await meltingspot.session_manager.get("/v1/courses/c/participants")).body
    lying = json.dumps({**json.loads(body), "total": 9}).encode()
    fake_meltingspot.fail(*[Answer(200, lying)] * 5)
    assert len([p async for p in meltingspot.course_participants.list("c")]) == 3
    assert "ended with 6 of 9 missing" in caplog.text


# --- Reading ahead -----------------------------------------------------------------------------------------


async def test_the_next_page_is_on_its_way_while_one_is_used() -> None:
    """A page is asked for before the caller has come to the end of the one before, and no further."""
    async with FakeMeltingSpot(cold=1.0, warm=1.0) as fake:
        fake.seed("c", 500)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            loop = asyncio.get_running_loop()
            async with aclosing(client.course_participants.list("c").pages()) as pages:
                await anext(pages)
                await asyncio.sleep(30.0)
                assert len(fake.received) == 2
                started = loop.time()
                await anext(pages)
                assert loop.time() - started < 0.1


@pytest.mark.parametrize("how", ["break", "aclose", "cancel"])
async def test_stopping_stops_the_reading(how: str) -> None:
    """A caller who stops leaves no request under way and no task behind."""
    async with FakeMeltingSpot() as fake:
        fake.seed("c", 500)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            before = asyncio.all_tasks()
            fake.fail(Delay(0.0), Delay(500.0))

            async def read() -> None:
                listing = client.course_participants.list("c")
                if how == "aclose":
                    async with aclosing(listing.pages()) as pages:
                        await anext(pages)
                    return
                async for participant in listing:
                    if how == "break" and participant.id == "participant-7":
                        break

            reading = asyncio.create_task(read())
            await asyncio.sleep(5.0)
            if how == "cancel":
                reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            assert await tasks_left(before) == []
            assert len(fake.received) <= 2


# --- Two lanes ---------------------------------------------------------------------------------------------


async def test_lists_go_after_pages_unless_told_otherwise() -> None:
    """A list is bulk: behind every interactive request. With a priority chosen, it has that."""
    seen: list[Priority] = []

    class Recording:
        def slot(
            self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
        ) -> asyncio.Timeout:
            seen.append(priority)
            return asyncio.timeout(None)

    async with FakeMeltingSpot() as fake:
        fake.seed("c", 3)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=Recording()) as client:  # type: ignore[arg-type]
            chosen = client.with_options(priority=Priority.INTERACTIVE)
            await client.course_participants.get("c", "participant-0")
            [p async for p in client.course_participants.list("c")]
            [r async for r in client.course_participants.get_many("c", ["participant-0"])]
            [p async for p in chosen.course_participants.list("c")]
            [r async for r in chosen.course_participants.get_many("c", ["participant-0"])]
    bulk, interactive = Priority.BULK, Priority.INTERACTIVE
    assert seen == [interactive, bulk, bulk, interactive, interactive]


async def test_a_deadline_bounds_each_request_of_a_list(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """A deadline holds for each page by itself, so that a long list is not cut."""
    fake_meltingspot.seed("c", 300)
    hasty = meltingspot.with_options(deadline=3.0)
    faults: list[Fault] = [Delay(2.0)] * 3
    fake_meltingspot.fail(*faults)
    assert len([p async for p in hasty.course_participants.list("c")]) == 300
    fake_meltingspot.fail(Delay(20.0))
    with pytest.raises(DeadlineExceededError):
        [p async for p in hasty.course_participants.list("c")]


def test_a_loop_that_ends_takes_an_abandoned_list_along() -> None:
    """An iteration forgotten in the middle, in a program that ends, ends in silence."""

    async def main() -> None:
        async with FakeMeltingSpot() as fake:
            fake.seed("c", 500)
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
                async for _ in client.course_participants.list("c"):
                    return

    run_virtual(main())

"""Lists, as a program iterates over them: whole, read ahead, in the bulk lane, stopped at any time."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Literal

import pytest

from meltingspot_async import (
    CourseParticipant,
    DeadlineExceededError,
    InvalidResponseError,
    MeltingSpotClient,
    NotFoundError,
    Priority,
    ServerError,
)
from meltingspot_async._paging.service_list import ServiceList, by_id
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault

from ..support.clock import run_virtual, tasks_left

PastTheEnd = Literal["empty", "last", "404"]


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("past_the_end", ["empty", "last", "404"])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 300])
async def test_course_is_read_whole_over_the_wire(
    first_page: Literal[0, 1], past_the_end: PastTheEnd, count: int
) -> None:
    """Every participant is given once, in as few requests as there are pages, and one more if the last one is full."""
    async with FakeMeltingSpot(first_page=first_page, past_the_end=past_the_end) as fake:
        ids = fake.seed("c", count)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            read = [participant.id async for participant in client.course_participants.list("c")]
        assert sorted(read) == sorted(ids)
        assert len(fake.received) <= -(-count // 100) + (count % 100 == 0 or first_page == 0)


async def test_pages_carry_their_total(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """.pages() gives the pages with the total the service found."""
    fake_meltingspot.seed("c", 250)
    pages = [page async for page in meltingspot.course_participants.list("c").pages()]
    assert [(len(page.items), page.total) for page in pages] == [(100, 250), (100, 250), (50, 250)]
    assert all(isinstance(item, CourseParticipant) for page in pages for item in page.items)


async def test_unknown_course_is_an_error(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """The 404 of the course is raised, not taken for an empty list."""
    with pytest.raises(NotFoundError, match="course not found"):
        [participant async for participant in meltingspot.course_participants.list("nowhere")]


async def test_error_of_a_later_page_ends_the_list(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """An error of a later page is raised after the items before it were given."""
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
async def test_page_of_another_shape_is_refused(
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


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b"[]", "$", "expected an object, got an array"),
        (b'{"items": []}', "$.total", "it is missing"),
        (b'{"total": 3}', "$.items", "it is missing"),
    ],
)
async def test_answer_that_is_no_page_is_refused(
    fake_meltingspot: FakeMeltingSpot,
    meltingspot: MeltingSpotClient,
    body: bytes,
    field: str,
    problem: str,
) -> None:
    """An answer without items or total is an InvalidResponseError, not an empty list."""
    fake_meltingspot.fail(Answer(200, body))
    with pytest.raises(InvalidResponseError) as refused:
        await meltingspot.course_participants.list("c").to_list()
    assert (refused.value.field, refused.value.problem) == (field, problem)


async def test_list_that_ends_early_leaves_a_warning(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that repeats its first page for ever ends the list, and a log record says how much is missing."""
    fake_meltingspot.seed("c", 3)
    body = (await meltingspot.session_manager.get("/v1/courses/c/participants")).body
    lying = json.dumps({**json.loads(body), "total": 9}).encode()
    fake_meltingspot.fail(*[Answer(200, lying)] * 5)
    assert len([p async for p in meltingspot.course_participants.list("c")]) == 3
    assert "ended with 6 of 9 items missing" in caplog.text


# --- Reading ahead -----------------------------------------------------------------------------------------


async def test_next_page_is_requested_while_the_caller_uses_one() -> None:
    """The page after the one in use is requested at once, and no further one."""
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
async def test_reading_stops_with_its_caller(how: str) -> None:
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
            assert len(fake.received) <= (3 if how == "cancel" else 2)


# --- Priority, deadline ---------------------------------------------------------------------------------------------


async def test_list_has_bulk_priority_unless_another_was_chosen() -> None:
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


async def test_deadline_bounds_each_page_of_a_list(
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


def test_abandoned_list_ends_in_silence_with_its_loop() -> None:
    """An iteration forgotten in the middle, in a program that ends, ends in silence."""

    async def main() -> None:
        async with FakeMeltingSpot() as fake:
            fake.seed("c", 500)
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
                async for _ in client.course_participants.list("c"):
                    return

    run_virtual(main())


def test_list_is_taken_to_have_no_single_items() -> None:
    """Unless a resource says so, its lists have no filters, are known by ids, and give no item by itself."""
    source = ServiceList(MeltingSpotClient("key").session_manager, "/v1/list", str, 10)
    assert (source.filters, source.identify, source.name, source.gives_items) == ({}, by_id, "", False)

"""Several lists at the same time: at the allowance's speed, each whole, and those that fail named at the end."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from meltingspot_async import (
    AuthenticationError,
    CourseParticipant,
    InvalidResponseError,
    ListsFailedError,
    MeltingSpotClient,
    NotFoundError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Truncate

from ..contract.contract import KNOWN, fill
from ..support.clock import now, tasks_left, tasks_since

WIDE = RateLimit(10_000, per=10.0)
ANSWER_TIME = 0.2


@asynccontextmanager
async def courses(
    *sizes: int, fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient, list[str]], None]:
    """A fake service with courses of these sizes, a client of it, and the ids of the courses."""
    async with fake or FakeMeltingSpot(limits=[WIDE], cold=ANSWER_TIME, warm=ANSWER_TIME) as running:
        ids = [f"course-{number}" for number in range(len(sizes))]
        for course_id, size in zip(ids, sizes, strict=True):
            running.add_to(f"/v1/courses/{course_id}/participants")
            running.seed(course_id, size)
        options.setdefault("limiter", SlidingWindowLimiter([WIDE]))
        async with MeltingSpotClient(running.api_key, base_url=running.base_url, **options) as client:
            yield running, client, ids


async def read(client: MeltingSpotClient, ids: Any, **options: Any) -> list[CourseParticipant]:
    """All participants of these courses."""
    return [p async for p in client.course_participants.list_many(ids, **options)]


def by_course(participants: list[CourseParticipant]) -> dict[str, int]:
    """How many participants of each course there are, all different."""
    found = {(p.course_id, p.id) for p in participants}
    assert len(found) == len(participants)
    return dict(Counter(course for course, _ in found))


@pytest.mark.parametrize("in_order", [False, True])
async def test_small_courses_do_not_wait_for_each_other(in_order: bool) -> None:
    """A hundred courses of one page each take as long as five answers, and one request each."""
    async with courses(*[3] * 100) as (fake, client, ids):
        began = now()
        found = await read(client, ids, in_order=in_order)
        assert by_course(found) == dict.fromkeys(ids, 3)
        assert now() - began == pytest.approx(5 * ANSWER_TIME, abs=0.1)
        assert len(fake.received) == 100


async def test_courses_are_read_at_the_speed_of_the_allowance() -> None:
    """Where the limit decides, courses of one page each take no longer than the limit needs, without a 429."""
    limit = RateLimit(50, per=1.0)
    fake = FakeMeltingSpot(limits=[limit], cold=ANSWER_TIME, warm=ANSWER_TIME)
    async with courses(*[1] * 200, fake=fake, limiter=SlidingWindowLimiter([limit])) as (_, client, ids):
        began = now()
        assert len(await read(client, ids)) == 200
        assert now() - began <= 1.6 * (200 / 50 + ANSWER_TIME)
        assert not any(request.refused for request in fake.received)


@pytest.mark.parametrize("in_order", [False, True])
async def test_every_course_is_whole_and_its_pages_too(in_order: bool) -> None:
    """Courses of all sizes are given whole, the items of a page together, each page with the id of its course."""
    sizes = [250, 0, 1, 100, 101, 450, 30]
    async with courses(*sizes) as (_, client, ids):
        lists = client.course_participants.list_many(ids, in_order=in_order)
        pages = [found async for found in lists.pages()]
        assert all(p.course_id == found.id for found in pages for p in found.page.items)
        assert all(found.page.total == sizes[ids.index(found.id)] for found in pages)
        items = [p async for p in lists]
        assert by_course(items) == {c: size for c, size in zip(ids, sizes, strict=True) if size}


async def test_pages_come_as_they_are_ready() -> None:
    """A course whose answer is slow does not hold up the others."""
    async with courses(1, 1, 1) as (fake, client, ids):
        fake.fail(Delay(9.0))
        first = (await anext(aiter(client.course_participants.list_many(ids)))).course_id
        assert now() < 1_009.0
        assert first in ids


async def test_in_order_keeps_the_participants_of_a_course_together() -> None:
    """In order, the participants of each course are given before those of the next, in the order of the ids."""
    async with courses(150, 1, 230, 7) as (fake, client, ids):
        fake.fail(Delay(9.0))
        wanted = [ids[2], ids[0], ids[3], ids[1]]
        found = await read(client, wanted, in_order=True)
        assert [course_id for course_id, _ in itertools.groupby(p.course_id for p in found)] == wanted


async def test_failing_courses_are_named_at_the_end() -> None:
    """Courses that fail do not end the others: all others are given, and then one error names those that failed."""
    async with courses(3, 150, 3) as (fake, client, ids):
        fake.fail(Delay(0.0), Answer(200, b"{}"))
        found: list[CourseParticipant] = []
        lists = client.course_participants.list_many([ids[0], ids[2], "nowhere", ids[1]])
        with pytest.raises(ListsFailedError) as failed:
            found.extend([p async for p in lists])
        assert len(failed.value.errors) == 2
        assert {type(error) for error in failed.value.errors.values()} == {
            NotFoundError,
            InvalidResponseError,
        }
        assert "nowhere: 404 for GET /v1/courses/nowhere/participants" in str(failed.value)


async def test_items_of_the_other_courses_are_given_before_the_error() -> None:
    """What the other courses hold is given before the error of those that failed."""
    async with courses(3, 150) as (_, client, ids):
        pages = client.course_participants.list_many(["nowhere", *ids]).pages()
        given = [await anext(pages) for _ in range(3)]
        assert sum(len(found.page.items) for found in given) == 153
        with pytest.raises(ListsFailedError, match="nowhere"):
            await anext(pages)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(401), AuthenticationError),
        (Answer(429, headers={"Retry-After": "5000"}), QuotaExhaustedError),
    ],
)
async def test_error_that_concerns_all_courses_ends_the_reading(
    answer: Answer, error: type[Exception]
) -> None:
    """A wrong key or a used up allowance is raised as it is, and the remaining courses are not asked for."""
    async with courses(*[1] * 100) as (fake, client, ids):
        fake.fail(*[answer] * 100)
        with pytest.raises(error):
            await read(client, ids)
        assert len(fake.received) <= 20


async def test_filters_and_options_hold_for_each_course() -> None:
    """Filters and page_size are those of list, and a repeated id counts once."""
    async with courses(40, 40) as (fake, client, ids):
        found = await read(client, [*ids, ids[0]], status="Completed", page_size=5)
        assert by_course(found) == dict.fromkeys(ids, 10)
        assert all("limit=5" in request.url for request in fake.received)


async def test_concurrency_bounds_the_courses_under_way() -> None:
    """No more courses are read at the same time than ``concurrency``."""
    async with courses(*[1] * 6) as (_, client, ids):
        began = now()
        await read(client, ids, concurrency=2)
        assert now() - began == pytest.approx(3 * ANSWER_TIME, abs=0.1)


async def endless() -> AsyncIterator[str]:
    """Ids that nobody can have all of."""
    while True:
        yield "course-1"


@pytest.mark.parametrize(
    ("ids", "options", "names"),
    [
        ("course-1", {}, "not one text"),
        (7, {}, "several ids"),
        (endless(), {}, "async for one in ids"),
        (["a", " "], {}, "course_id must be an id"),
        ([7], {}, "course_id must be a str"),
        (["a"], {"concurrency": 0}, "concurrency"),
        (["a"], {"status": []}, "status"),
    ],
)
async def test_wrong_argument_is_refused_at_the_call(ids: Any, options: dict[str, Any], names: str) -> None:
    """A wrong id or option is a UsageError before the iteration begins."""
    async with courses(1) as (fake, client, _):
        with pytest.raises(UsageError, match=names):
            client.course_participants.list_many(ids, **options)
        assert not fake.received


async def test_no_courses_cost_no_request() -> None:
    """Without ids, nothing is sent and nothing given."""
    async with courses(1) as (fake, client, _):
        assert await read(client, []) == []
        assert not fake.received


async def test_slow_consumer_is_not_overtaken() -> None:
    """While the caller uses a page, few others are read, however many courses there are."""
    async with courses(*[6] * 50, page_size=2) as (fake, client, ids):
        pages = client.course_participants.list_many(ids).pages()
        await anext(pages)
        await asyncio.sleep(60.0)
        await pages.aclose()
        assert len(fake.received) <= 20 * 3 + 2


async def test_stopped_reading_leaves_nothing_behind() -> None:
    """Stopped in the middle, no request goes on and no task is left."""
    async with courses(*[6] * 30, page_size=2) as (fake, client, ids):
        before = asyncio.all_tasks()
        async with aclosing(aiter(client.course_participants.list_many(ids))) as participants:
            await anext(participants)
        assert not await tasks_left(before)
        count = len(fake.received)
        await asyncio.sleep(5.0)
        assert len(fake.received) == count


async def test_stopped_reading_has_ended_when_it_is_closed() -> None:
    """Whoever closes a reading may go on at once: of the lists whose pages were ready, too, no task is left."""
    async with courses(*[6] * 3, page_size=2) as (fake, client, ids):
        fake.fail(*[Delay(0.0)] * 3, *[Delay(500.0)] * 6)
        before = asyncio.all_tasks()
        pages = client.course_participants.list_many(ids).pages()
        await anext(pages)
        await asyncio.sleep(5.0)
        await pages.aclose()
        assert not tasks_since(before)


async def test_stopped_reading_gives_up_the_answers_it_waits_for() -> None:
    """A reading that is stopped while another course is slow to answer ends at once."""
    async with courses(5, 5) as (fake, client, ids):
        fake.fail(Delay(0.1), Delay(500.0))
        before, started = asyncio.all_tasks(), now()
        async with aclosing(client.course_participants.list_many(ids).pages()) as pages:
            await anext(pages)
        assert now() - started < 5.0
        assert not await tasks_left(before)


async def test_errors_of_courses_that_were_not_awaited_are_not_lost_noisily() -> None:
    """In order, a failure behind a course under way is no complaint of the loop when the caller stops before it."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with courses(300) as (_, client, ids):
        lists = client.course_participants.list_many([ids[0], "nowhere"], in_order=True)
        async with aclosing(lists.pages()) as pages:
            await anext(pages)
            await asyncio.sleep(5.0)
    assert not complaints


async def test_broken_answers_are_read_again() -> None:
    """Answers that break off are retried in each course by itself, and nothing is lost."""
    async with courses(*[120] * 10) as (fake, client, ids):
        faults: list[Fault] = [Truncate(), Delay(0.0)]
        fake.fail(*faults * 10)
        assert by_course(await read(client, ids)) == dict.fromkeys(ids, 120)


async def test_many_lists_are_bulk_unless_another_priority_was_chosen() -> None:
    """Its requests wait behind interactive ones, unless a priority was chosen by with_options."""
    seen: set[Priority] = set()

    class Spy(SlidingWindowLimiter):
        def slot(self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None) -> Any:
            seen.add(priority)
            return super().slot(priority, deadline)

    async with courses(1, 1, limiter=Spy([WIDE])) as (_, client, ids):
        await read(client, ids)
        assert seen == {Priority.BULK}


async def test_learning_paths_have_the_same() -> None:
    """Several learning paths are read in the same way."""
    fake = FakeMeltingSpot()
    fill(fake)
    async with fake, MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
        path_id = KNOWN["learningPathId"]
        one = [p async for p in client.learning_path_participants.list(path_id)]
        lists = client.learning_path_participants.list_many([path_id])
        assert one
        assert [p async for p in lists] == one
        assert [found.id async for found in lists.pages()] == [path_id]

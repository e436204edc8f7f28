"""get_many: one result for each id, in as few requests as it takes, and nothing left behind."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    AuthenticationError,
    CourseParticipant,
    FetchResult,
    InvalidResponseError,
    MeltingSpotClient,
    NotFoundError,
    QuotaExhaustedError,
    RateLimit,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate

from ..support.clock import run_virtual, tasks_left

WIDE = RateLimit(10_000, per=10.0)
Result = FetchResult[CourseParticipant]


@asynccontextmanager
async def course(
    size: int, *, fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient, list[str]], None]:
    """A course of that size in a fake service, a client of it, and the ids of the participants."""
    async with fake or FakeMeltingSpot(limits=[WIDE]) as running:
        ids = running.seed("c", size)
        options.setdefault("limiter", SlidingWindowLimiter([WIDE]))
        async with MeltingSpotClient(running.api_key, base_url=running.base_url, **options) as client:
            yield running, client, ids


async def fetch(client: MeltingSpotClient, ids: Any, **options: Any) -> list[Result]:
    return [result async for result in client.course_participants.get_many("c", ids, **options)]


@pytest.mark.parametrize(
    ("size", "wanted", "most"),
    [
        (1_000, 1_000, 10),
        (1_000, 3, 4),
        (1_000, 2, 2),
        (1_000, 1, 1),
        (50, 50, 1),
        (100, 3, 1),
        (1_000, 9, 10),
    ],
)
@pytest.mark.parametrize("first_page", [0, 1])
async def test_it_takes_few_requests(size: int, wanted: int, most: int, first_page: Literal[0, 1]) -> None:
    """A whole course costs its pages, a few ids cost no more than themselves and one page."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page)
    async with course(size, fake=fake) as (_, client, ids):
        results = await fetch(client, ids[-wanted:])
        assert sorted(result.id for result in results) == sorted(ids[-wanted:])
        assert all(result.value and result.value.id == result.id and not result.error for result in results)
        assert len(fake.received) <= most + (first_page == 0) * 3


async def test_repeated_ids_cost_nothing() -> None:
    """However often an id is given, there is one result for it and no request more."""
    async with course(1_000) as (fake, client, ids):
        results = await fetch(client, ids[:2] * 50)
        assert sorted(result.id for result in results) == sorted(ids[:2])
        assert len(fake.received) == 2


async def test_an_unknown_id_gets_the_services_own_word() -> None:
    """An id that no page held is asked for by itself, and its result is the service's 404."""
    async with course(250) as (fake, client, ids):
        results = {result.id: result for result in await fetch(client, [*ids, "nobody", "no one"])}
        assert len(results) == 252
        for stranger in ("nobody", "no one"):
            assert isinstance(results[stranger].error, NotFoundError)
            assert "participant not found" in str(results[stranger].error)
        assert len(fake.received) == 5


async def test_no_ids_cost_nothing() -> None:
    """Nothing is asked for nothing."""
    async with course(3) as (fake, client, _):
        assert await fetch(client, []) == []
        assert not fake.received


async def test_streams_are_planned_a_window_at_a_time() -> None:
    """A stream is planned 1,000 distinct ids at a time, and pages are read no further than they help."""
    async with course(1_000) as (fake, client, ids):
        results = await fetch(client, iter([*ids, *ids[:500], *ids[:500]]))
        assert len(results) == 1_500
        assert len(fake.received) == 10 + 5


async def test_an_asynchronous_stream_will_do() -> None:
    """Ids may come from an async iterable."""

    async def stream(ids: Iterable[str]) -> AsyncIterator[str]:
        for item in ids:
            await asyncio.sleep(0.001)
            yield item

    async with course(150) as (fake, client, ids):
        assert len(await fetch(client, stream(ids))) == 150
        assert len(fake.received) == 2


async def test_a_stream_without_end_gives_results_all_along() -> None:
    """Results come although the stream never ends, and ids are read no further than a window ahead."""
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        for number in itertools.count():
            read += 1
            yield f"participant-{number}"

    async with course(50) as (_, client, _ids):
        found = 0
        async with aclosing(client.course_participants.get_many("c", endless())) as results:
            async for result in results:
                found += result.value is not None
                if found == 50:
                    break
        assert read <= 1_000


async def test_when_pages_are_many_ids_are_asked_for_singly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of a course of many pages: two pages tell, and are not asked again window by window."""
    monkeypatch.setattr("meltingspot_async._paging.get_many.WINDOW", 50)
    async with course(200, fake=FakeMeltingSpot(limits=[WIDE], largest_page=1)) as (fake, client, ids):
        await fetch(client, iter(ids[:150]))
        lists = [request for request in fake.received if "?" in request.path]
        assert len(lists) <= 3
        assert len(fake.received) <= 153


async def test_single_requests_are_bounded() -> None:
    """No more single requests are under way at once than ``concurrency``."""
    under_way = most = 0

    class Counting:
        @asynccontextmanager
        async def slot(
            self, priority: object = None, deadline: float | None = None
        ) -> AsyncGenerator[None, None]:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            yield
            under_way -= 1

    fake = FakeMeltingSpot(limits=[WIDE], cold=0.5, warm=0.5, largest_page=1)
    async with course(60, fake=fake, limiter=Counting()) as (_, client, ids):
        await fetch(client, ids, concurrency=7)
    assert most == 7


# --- Failures ----------------------------------------------------------------------------------------------


async def test_a_failure_is_a_result() -> None:
    """One id that fails does not keep the others from being fetched."""
    async with course(2, retry=RetryPolicy(attempts=1)) as (fake, client, ids):
        fake.fail(Answer(200, b"{}"))
        results = await fetch(client, ids, concurrency=1)
        assert [type(result.error) for result in results] == [InvalidResponseError, type(None)]
        assert results[0].value is None


async def test_a_failure_ends_it_if_asked_for() -> None:
    """With on_error="raise" the first failure is raised, and what was under way is given up."""
    async with course(1_000) as (fake, client, ids):
        fake.fail(Answer(200, b"{}"), Answer(403), *[Delay(500.0)] * 50)
        with pytest.raises(UsageError):
            await fetch(client, ids[:2], on_error="ignore")
        with pytest.raises(InvalidResponseError):
            await fetch(client, ids[:2], on_error="raise", concurrency=1)
        assert len(fake.received) == 1


async def test_a_page_with_one_bad_item_spoils_no_other() -> None:
    """When a page is not as documented, its participants are asked for singly."""
    async with course(5) as (fake, client, ids):
        fake.fail(Answer(200, b'{"items": [{"id": "participant-0"}], "total": 5}'))
        assert all(result.value for result in await fetch(client, ids))
        assert len(fake.received) == 6


async def test_an_unknown_course_costs_two_requests() -> None:
    """A course the service does not know is every id's error, without asking for each."""
    async with course(5) as (fake, client, ids):
        results = [r async for r in client.course_participants.get_many("nowhere", ids)]
        assert [type(result.error) for result in results] == [NotFoundError] * 5
        assert len(fake.received) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [(Answer(401), AuthenticationError, 1), (Answer(503), ServerError, 2)],
)
async def test_what_fails_for_the_key_or_the_service_is_not_tried_id_by_id(
    fault: Fault, kind: type[Exception], requests: int
) -> None:
    """A refused key or an outage is every id's error, after the attempts of one request."""
    async with course(500, retry=RetryPolicy(attempts=2)) as (fake, client, ids):
        fake.fail(*[fault] * 1_000)
        results = await fetch(client, ids)
        assert [type(result.error) for result in results] == [kind] * 500
        assert len(fake.received) == requests


async def test_a_key_refused_in_the_middle_is_refused_for_the_rest() -> None:
    """When single requests meet a 401, those that were not sent yet are not sent."""
    async with course(500) as (fake, client, ids):
        fake.fail(Answer(400), Answer(400), *[Answer(401)] * 1_000)
        results = await fetch(client, ids, concurrency=5)
        assert [type(result.error) for result in results] == [AuthenticationError] * 500
        assert len(fake.received) == 2 + 5


async def test_a_list_refused_later_is_gone_on_with_singly() -> None:
    """A page in the middle that is refused does not make its participants unknown."""
    async with course(300) as (fake, client, ids):
        fake.fail(Delay(0.0), Answer(404), Answer(404))
        assert all(result.value for result in await fetch(client, ids))


async def test_a_used_up_allowance_is_told_for_each_that_is_left() -> None:
    """When the allowance ends in the middle, the results so far are there and the others say so, unsent."""
    limiter = SlidingWindowLimiter([RateLimit(30, per=86_400.0)])
    async with course(100, fake=FakeMeltingSpot(limits=[WIDE], largest_page=1), limiter=limiter) as (
        fake,
        client,
        ids,
    ):
        results = await fetch(client, ids)
        assert len(results) == 100
        assert sum(result.value is not None for result in results) >= 27
        assert {type(r.error) for r in results if r.error} == {QuotaExhaustedError}
        assert len(fake.received) == 30


@given(
    size=st.integers(0, 120),
    wanted=st.lists(st.integers(0, 150), max_size=150),
    first_page=st.sampled_from([0, 1]),
    largest=st.integers(1, 120),
    past=st.sampled_from(["empty", "last", "404"]),
    faults=st.lists(
        st.sampled_from([Answer(503), Answer(200, b"{}"), Reset(), Truncate(), Answer(429)]), max_size=6
    ),
)
@settings(max_examples=40)
def test_every_id_has_one_result(
    size: int,
    wanted: list[int],
    first_page: Literal[0, 1],
    largest: int,
    past: Literal["empty", "last", "404"],
    faults: list[Fault],
) -> None:
    """Whatever the service does, each distinct id has one result, and it is right: its participant or an error."""

    async def main() -> None:
        fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, largest_page=largest, past_the_end=past)
        async with course(size, fake=fake, retry=RetryPolicy(attempts=9)) as (_, client, ids):
            fake.fail(*faults)
            asked = [f"participant-{number}" for number in wanted]
            results = await fetch(client, asked)
            assert sorted(r.id for r in results) == sorted(set(asked))
            for result in results:
                assert (result.value is None) != (result.error is None)
                assert result.value is None or result.value.id == result.id
                if result.id not in ids:
                    assert isinstance(result.error, NotFoundError | InvalidResponseError)

    run_virtual(main())


# --- Stopping ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest_page", [1, 100], ids=["singly", "pages"])
@pytest.mark.parametrize("how", ["break", "aclose", "cancel"])
async def test_abandoning_leaves_nothing_behind(how: str, largest_page: int) -> None:
    """After a break, an aclose or a cancellation there is no task, no slot and no request under way."""
    limiter = SlidingWindowLimiter([WIDE])
    fake = FakeMeltingSpot(limits=[WIDE], largest_page=largest_page, cold=0.1, warm=0.1)
    async with course(500, fake=fake, limiter=limiter) as (_, client, ids):
        before = asyncio.all_tasks()

        async def use() -> None:
            results = client.course_participants.get_many("c", ids)
            async for _result in results:
                if how != "cancel":
                    break
            if how == "aclose":
                await results.aclose()

        using = asyncio.create_task(use())
        await asyncio.sleep(0.25)
        if how == "cancel":
            using.cancel()
        await asyncio.gather(using, return_exceptions=True)
        assert await tasks_left(before) == []
        received = len(fake.received)
        await asyncio.sleep(60.0)
        assert len(fake.received) == received
        assert limiter.free() == {WIDE: 10_000}


# --- Usage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("course_id", "ids", "options", "names"),
    [
        ("", ["a"], {}, "course_id"),
        ("c", "abc", {}, "ids"),
        ("c", ["a"], {"concurrency": 0}, "concurrency"),
        ("c", ["a"], {"concurrency": 2.0}, "concurrency"),
        ("c", ["a"], {"concurrency": True}, "concurrency"),
        ("c", ["a"], {"on_error": "ignore"}, "on_error"),
    ],
)
async def test_wrong_arguments_are_told_at_the_call(
    meltingspot: MeltingSpotClient, course_id: str, ids: Any, options: dict[str, Any], names: str
) -> None:
    """What cannot work is a UsageError at the call, before the iteration."""
    with pytest.raises(UsageError, match=names):
        meltingspot.course_participants.get_many(course_id, ids, **options)


async def test_an_id_that_is_no_text_is_told() -> None:
    """An id of another type is a UsageError; an empty one is its own result."""
    async with course(3) as (fake, client, _):
        with pytest.raises(UsageError, match="ids must be texts"):
            await fetch(client, ["a", 7])
        (result,) = await fetch(client, [""])
        assert isinstance(result.error, UsageError)
        assert not fake.received


MILLION = """
import asyncio, pathlib, re
from meltingspot_async import MeltingSpotClient, RateLimit, SlidingWindowLimiter
from meltingspot_async.errors import MeltingSpotError
from meltingspot_async._paging.get_many import Source, get_many

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

class Item:
    def __init__(self, id): self.id = id

async def get(id):
    return Item(id)

async def page(number):
    raise AssertionError("not asked for")

async def main():
    ids = (f"{n:036d}" for n in range(1_000_000))
    source = Source(get=get, page=page, limit=100)
    import meltingspot_async._paging.get_many
    meltingspot_async._paging.get_many.WORTH_A_PAGE = 10**9
    results = get_many(source, ids, 20, raising=False)
    await anext(results)
    start, count = peak(), 1
    async for _ in results:
        count += 1
        if count == LIMIT:
            break
    await results.aclose()
    print(count, peak() - start)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory's high-water mark from /proc")
def test_a_stream_takes_flat_memory() -> None:
    """A hundred thousand ids from a generator take less than 10 MB: nothing is kept of a window that is done."""
    script = MILLION.replace("LIMIT", "100_000")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, run.stdout.split())
    assert count == 100_000
    assert kilobytes < 10_000

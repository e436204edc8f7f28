"""get_many: one result for each id, in as few requests as it takes, and nothing left behind."""

from __future__ import annotations

import asyncio
import itertools
import random
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal, cast

import attrs
import pytest

from meltingspot_async import (
    MeltingSpotClient,
    NotFoundError,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.get_many import _useful_pages, get_many
from meltingspot_async.testing import FakeMeltingSpot

from ..support.clock import now, tasks_left
from ..support.course import WIDE, course, fetch
from ..support.paged_list import Item, PagedList


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
async def test_ids_cost_few_requests(size: int, wanted: int, most: int, first_page: Literal[0, 1]) -> None:
    """A whole course costs its pages, a few ids cost no more than themselves and one page."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page)
    async with course(size, fake=fake) as (_, client, ids):
        results = await fetch(client, ids[-wanted:])
        assert sorted(result.id for result in results) == sorted(ids[-wanted:])
        assert all(result.value and result.value.id == result.id and not result.error for result in results)
        assert len(fake.received) <= most + (first_page == 0) * 3


@pytest.mark.parametrize("numbered_from", [0, 1])
async def test_ten_thousand_ids_cost_the_pages_of_the_course(numbered_from: int) -> None:
    """10,000 ids of a course of 10,000, in any order, cost its 100 pages, and one request more at most."""
    ids = [f"participant-{number}" for number in range(10_000)]
    source = PagedList(cast("Any", None), "/list", Item, 100, ids=ids, numbered_from=numbered_from)
    wanted = random.Random(7).sample(ids, len(ids))
    results = [result async for result in get_many(source, wanted, 20, raising=False)]
    assert {result.id for result in results if result.value} == set(ids)
    assert len(source.requests) <= 101


async def test_repeated_ids_cost_no_request() -> None:
    """However often an id is given, there is one result for it and no request more."""
    async with course(1_000) as (fake, client, ids):
        results = await fetch(client, ids[:2] * 50)
        assert sorted(result.id for result in results) == sorted(ids[:2])
        assert len(fake.received) == 2


async def test_unknown_id_gets_the_404_of_the_service() -> None:
    """An id that no page held is asked for by itself, and its result is the service's 404."""
    async with course(250) as (fake, client, ids):
        results = {result.id: result for result in await fetch(client, [*ids, "nobody", "no one"])}
        assert len(results) == 252
        for stranger in ("nobody", "no one"):
            assert isinstance(results[stranger].error, NotFoundError)
            assert "participant not found" in str(results[stranger].error)
        assert len(fake.received) == 5


async def test_no_ids_cost_no_request() -> None:
    """An empty collection of ids sends nothing."""
    async with course(3) as (fake, client, _):
        assert await fetch(client, []) == []
        assert not fake.received


async def test_stream_is_planned_a_batch_at_a_time() -> None:
    """A stream is planned 1,000 distinct ids at a time, and pages are read no further than they help."""
    async with course(1_000) as (fake, client, ids):
        results = await fetch(client, iter([*ids, *ids[:500], *ids[:500]]))
        assert len(results) == 1_500
        assert len(fake.received) == 10 + 5


async def test_ids_may_come_from_an_async_iterable() -> None:
    """Ids may come from an async iterable."""

    async def stream(ids: Iterable[str]) -> AsyncIterator[str]:
        for item in ids:
            await asyncio.sleep(0.001)
            yield item

    async with course(150) as (fake, client, ids):
        assert len(await fetch(client, stream(ids))) == 150
        assert len(fake.received) == 2


async def test_endless_stream_gives_results_all_along() -> None:
    """Results are given although the stream never ends, and ids are read no further than one batch ahead."""
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


async def test_ids_are_fetched_singly_where_pages_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a course has more pages than there are ids, two pages show it, and no later batch asks for them again."""
    monkeypatch.setattr("meltingspot_async._paging.get_many.STREAM_BATCH", 50)
    async with course(200, fake=FakeMeltingSpot(limits=[WIDE], largest_page=1)) as (fake, client, ids):
        await fetch(client, iter(ids[:150]))
        lists = [request for request in fake.received if "?" in request.url]
        assert len(lists) <= 3
        assert len(fake.received) <= 153


async def test_concurrency_bounds_single_requests() -> None:
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


# --- Stopping ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest_page", [1, 100], ids=["singly", "pages"])
@pytest.mark.parametrize("how", ["break", "aclose", "cancel"])
async def test_abandoned_iteration_leaves_nothing_behind(how: str, largest_page: int) -> None:
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


@attrs.frozen
class _Slow(PagedList):
    """Answers the first of its items only."""

    async def item(self, item_id: str) -> Item:
        if item_id != self.ids[0]:
            await asyncio.sleep(1_000.0)
        return await super().item(item_id)


async def test_single_requests_end_with_the_iteration() -> None:
    """When the caller needs no more results, the single requests under way are given up, not left to end."""
    source, before = (
        _Slow(cast("Any", None), "/list", Item, 100, ids=["first", "second"]),
        asyncio.all_tasks(),
    )
    started = now()
    async with aclosing(get_many(source, source.ids, 20, raising=False)) as results:
        assert (await anext(results)).id == "first"
        assert now() == started  # it did not wait for the other one
    assert asyncio.all_tasks() == before


# --- Usage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("course_id", "ids", "options", "names"),
    [
        ("", ["a"], {}, "course_id"),
        ("c", "abc", {}, "ids"),
        ("c", 7, {}, "ids"),
        ("c", ["a"], {"concurrency": 0}, "concurrency"),
        ("c", ["a"], {"concurrency": 2.0}, "concurrency"),
        ("c", ["a"], {"concurrency": True}, "concurrency"),
        ("c", ["a"], {"on_error": "ignore"}, "on_error"),
    ],
)
async def test_wrong_argument_is_refused_at_the_call(
    meltingspot: MeltingSpotClient, course_id: str, ids: Any, options: dict[str, Any], names: str
) -> None:
    """What cannot work is a UsageError at the call, before the iteration."""
    with pytest.raises(UsageError, match=names):
        meltingspot.course_participants.get_many(course_id, ids, **options)


async def test_id_of_another_type_is_refused() -> None:
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
from meltingspot_async._paging import get_many as module
from meltingspot_async._paging.service_list import ServiceList

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

class Item:
    def __init__(self, id): self.id = id

class Source(ServiceList):
    async def item(self, item_id):
        return Item(item_id)

async def main():
    ids = (f"{n:036d}" for n in range(1_000_000))
    module.MIN_IDS_FOR_A_PAGE = 10**9
    results = module.get_many(Source(None, "/list", Item, 100), ids, 20, raising=False)
    await anext(results)
    start, count = peak(), 1
    async for _ in results:
        count += 1
        if count == 50_000:
            break
    await results.aclose()
    print(count, peak() - start)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory's high-water mark from /proc")
def test_stream_takes_flat_memory() -> None:
    """Fifty thousand ids from a generator take less than 5 MB: nothing is kept of a batch that is finished."""
    run = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, run.stdout.split())
    assert count == 50_000
    assert kilobytes < 5_000


@pytest.mark.parametrize(("wanted", "pages"), [(2, -7), (9, 0), (10, 1), (12, 3), (30, 15)])
def test_pages_ahead_are_those_that_help(wanted: int, pages: int) -> None:
    """Where nine pages of two items are left, twelve ids need six of them at best, and three spare requests."""
    cursor = PageCursor(2)
    cursor.received(["a", "b"], 20)
    assert _useful_pages(cursor, dict.fromkeys(map(str, range(wanted)))) == pages

"""Pages are read ahead: at the speed of the allowance, few in vain, in flat memory."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import Any, Literal, cast

import pytest

from meltingspot_async import RateLimit, SlidingWindowLimiter
from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.listing import Listing
from meltingspot_async._paging.reading import Reading
from meltingspot_async.testing import FakeMeltingSpot

from ..support.clock import now
from ..support.course import WIDE, course
from ..support.paged_list import Item, PagedList

ALLOWED = RateLimit(100, per=1.0)


@pytest.mark.parametrize("first_page", [0, 1])
async def test_list_takes_what_the_allowance_takes(first_page: Literal[0, 1]) -> None:
    """300 pages, answered in 0.2 s each, take 1.6 times the 3 s of the allowance, and one request more at most."""
    fake = FakeMeltingSpot(limits=[ALLOWED], first_page=first_page, cold=0.2, warm=0.2)
    limiter = SlidingWindowLimiter([ALLOWED])
    async with course(600, fake=fake, limiter=limiter, page_size=2) as (_, client, ids):
        started = now()
        given = [participant.id async for participant in client.course_participants.list("c")]
        assert now() - started <= 1.6 * 3.0
        assert sorted(given) == sorted(ids)
        assert len(fake.received) <= 301
        assert not any(request.refused for request in fake.received)


@pytest.mark.parametrize(("used", "in_vain"), [(1, 1), (2, 2), (5, 6), (10, 11), (60, 20)])
async def test_list_that_is_stopped_has_read_few_pages_in_vain(used: int, in_vain: int) -> None:
    """A program that stops early has had about as many pages read in vain as it used, and never more than twenty.

    So has one that takes its time: no page is requested while twenty wait for it.
    """
    async with course(400, fake=FakeMeltingSpot(limits=[WIDE], warm=0.2), page_size=2) as (
        fake,
        client,
        _,
    ):
        async with aclosing(client.course_participants.list("c").pages()) as pages:
            for _number in range(used):
                await anext(pages)
            await asyncio.sleep(60.0)
            assert len(fake.received) <= used + in_vain
        received = len(fake.received)
        await asyncio.sleep(60.0)
        assert len(fake.received) == received


async def test_list_holds_no_more_than_the_pages_under_way() -> None:
    """However long a list is, the items in memory are those of the page in use and of the twenty read ahead."""

    def held() -> int:
        return sum(isinstance(found, Item) for found in gc.get_objects())

    ids = [f"participant-{number}" for number in range(4_995)]
    source = PagedList(cast("Any", None), "/list", Item, 10, ids=ids)
    used = most = 0
    async with aclosing(Listing(source, "raise", "raise").pages()) as pages:
        async for _page in pages:
            used += 1
            await asyncio.sleep(1.0)
            most = max(most, held() if used % 50 == 0 else 0)
    assert used == 500
    assert 0 < most <= 21 * 10


async def test_get_many_reads_ahead_no_page_in_vain() -> None:
    """All ids of a course cost its pages, in a tenth of the time that they take one after another."""
    fake = FakeMeltingSpot(limits=[WIDE], cold=0.2, warm=0.2)
    async with course(400, fake=fake, page_size=2) as (_, client, ids):
        started = now()
        results = [result async for result in client.course_participants.get_many("c", ids[::-1])]
        assert len(results) == 400
        assert now() - started <= 200 * 0.2 / 10
        assert len(fake.received) <= 200


async def test_page_beside_a_list_is_answered_at_once() -> None:
    """A list that is read as fast as the limit allows keeps no single get waiting for its slot."""
    limit = RateLimit(100, per=10.0)
    fake = FakeMeltingSpot(limits=[limit], cold=0.2, warm=0.2)
    async with course(240, fake=fake, limiter=SlidingWindowLimiter([limit]), page_size=2) as (
        _,
        client,
        ids,
    ):
        listing = asyncio.create_task(client.course_participants.list("c").to_list())
        for number in range(8):
            await asyncio.sleep(1.0)
            started = now()
            await client.course_participants.get("c", ids[number])
            assert now() - started <= 0.6 + 0.2
        assert len(await listing) == 240


async def test_pages_under_way_while_the_caller_waits_are_as_many_as_it_was_given() -> None:
    """Whoever waits for the second page has one behind it requested, too, and for the first page none."""
    source = PagedList(cast("Any", None), "/list", Item, 1, ids=["first", "second", "third", "fourth"])
    async with aclosing(Reading(source, PageCursor(1))) as reading:
        await reading.next()
        assert source.requests == [1]
        await reading.next()
        await asyncio.sleep(0)
        assert source.requests == [1, 2, 3]

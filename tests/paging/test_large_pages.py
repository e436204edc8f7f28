"""A large page does not keep the rest of the program from running."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import CourseParticipant, to_dict
from meltingspot_async._paging.page import read_page
from meltingspot_async.models._converter import ignore
from meltingspot_async.testing import make_course_participant


@pytest.mark.parametrize("count", [1_001, 3_500])
async def test_large_page_gives_way_to_the_loop(count: int) -> None:
    """Another task has its turn before the first item is structured, and after every thousand."""
    document = to_dict(make_course_participant(1, course_id="c"))
    answer = {"items": [{**document, "id": f"p{n}"} for n in range(count)], "total": count}
    turns, turns_before = 0, list[int]()

    async def work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def identify(item: CourseParticipant) -> str:
        turns_before.append(turns)
        return item.id

    beside = asyncio.create_task(work())
    page = await read_page(answer, CourseParticipant, "/v1/courses/c/participants", identify, ignore, "1")
    beside.cancel()
    assert len(page.items) == count
    assert turns_before[0] > 0
    for thousand in range(1_000, count, 1_000):
        assert turns_before[thousand] > turns_before[thousand - 1]

"""Lists against the allowance, on the virtual clock: ``python -m tests.benchmarks.lists``.

Figures to be read; they pass or fail nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing

from meltingspot_async import MeltingSpotClient, RateLimit, SlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot
from tests.support.clock import VirtualLoop, now

from .measure import show

LIMIT = RateLimit(100, per=1.0)
ANSWER = 0.2
PAGES = 300

Reading = Callable[[MeltingSpotClient, list[str]], Coroutine[None, None, None]]


def measured(
    read: Reading, items: int, first_page: int = 1, courses: Sequence[str] = ("c",)
) -> tuple[float, int, int]:
    """Virtual seconds, requests and 429s of reading from courses of so many participants."""

    async def main() -> tuple[float, int, int]:
        async with FakeMeltingSpot(
            limits=[LIMIT], cold=ANSWER, warm=ANSWER, first_page=1 if first_page else 0
        ) as fake:
            ids, *_ = [fake.seed(course_id, items) for course_id in courses]
            limiter = SlidingWindowLimiter([LIMIT])
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
                started = now()
                await read(client, ids)
                took = now() - started
            return took, len(fake.received), sum(request.refused for request in fake.received)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


async def whole_list(client: MeltingSpotClient, _: list[str]) -> None:
    """Every participant of the course."""
    async for _participant in client.course_participants.list("c"):
        pass


async def all_ids(client: MeltingSpotClient, ids: list[str]) -> None:
    """Every participant by its id, as an ids file holds them."""
    async for _result in client.course_participants.get_many("c", ids):
        pass


COURSES = [f"course-{number}" for number in range(300)]


async def many_courses(client: MeltingSpotClient, _: list[str]) -> None:
    """Every participant of many courses of one page each."""
    async for _participant in client.course_participants.list_many(COURSES):
        pass


def first_pages(count: int) -> Reading:
    """The first pages only."""

    async def read(client: MeltingSpotClient, _: list[str]) -> None:
        async with aclosing(client.course_participants.list("c").pages()) as pages:
            for _page in range(count):
                await anext(pages)

    return read


def main() -> None:
    own_time = PAGES / LIMIT.requests * LIMIT.per
    for first_page in (1, 0):
        took, requests, refused = measured(whole_list, PAGES * 100, first_page)
        title = f"{PAGES} pages counted from {first_page}"
        show(f"{title}, seconds / the allowance's own time", took / own_time)
        show(f"{title}, requests", requests)
        show(f"{title}, 429s", refused)
    for count in (1, 2, 5):
        _, requests, _ = measured(first_pages(count), PAGES * 100)
        show(f"stopped after {count}: pages read in vain", requests - count)
    took, requests, _ = measured(all_ids, 10_000)
    show("get_many of 10,000 ids of a course of 10,000: requests", requests)
    show("get_many of 10,000 ids of a course of 10,000: seconds", took)
    took, requests, refused = measured(many_courses, 20, courses=COURSES)
    title = f"list_many of {len(COURSES)} courses of one page"
    show(f"{title}, seconds / the allowance's own time", took / own_time)
    show(f"{title}, requests", requests)
    show(f"{title}, 429s", refused)


if __name__ == "__main__":
    main()

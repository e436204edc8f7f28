"""Lists and batches at the speed of the allowance, through faults, and answers that need not be asked for again."""

from __future__ import annotations

import asyncio
import time

from meltingspot_async import Freshness, MeltingSpotClient, Priority, RetryPolicy, SlidingWindowLimiter
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate
from tests.support.clock import VirtualLoop

from .lists import ANSWER, COURSES, LIMIT, PAGES, many_courses, measured, whole_list
from .measure import WIDE, Row, in_turn, row, rows_beside

ASKED = 500
IDEAL = "the limit's own time"


async def fresh_answers(rounds: int) -> list[Row]:
    """A participant that is given again, beside one that the service is asked for."""
    async with FakeMeltingSpot(limits=WIDE) as fake:
        fake.seed("c", 1)
        limiter = SlidingWindowLimiter(WIDE)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
            keeping = client.with_options(freshness=Freshness(max_age=3_600.0))

            async def ours() -> None:
                for _ in range(ASKED):
                    await keeping.course_participants.get("c", "participant-0")

            async def asked() -> None:
                for _ in range(ASKED):
                    await client.course_participants.get("c", "participant-0")

            took = await in_turn({"ours": ours, "one that is asked for": asked}, rounds, time.perf_counter)
    return rows_beside("A fresh participant", took, ASKED)


def seconds_for(requests: int, cold: float, warm: float) -> float:
    """Virtual seconds that many requests take on the documented limit, all asked for at once."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with FakeMeltingSpot(cold=cold, warm=warm) as fake:
            ids = fake.seed("c", requests)
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
                batch = client.with_options(priority=Priority.BULK)
                started = loop.time()
                await asyncio.gather(*(batch.course_participants.get("c", i) for i in ids))
            assert fake.most_received(10.0) <= 100
            return loop.time() - started

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def batches() -> list[Row]:
    """A thousand calls, beside what the limit alone would take."""
    least = (1_000 / 100 - 1) * 10.0
    return [
        row(
            f"1,000 calls, {cold:g} s cold and {warm:g} s warm",
            seconds_for(1_000, cold, warm),
            IDEAL,
            least,
            "s",
        )
        for cold, warm in ((0.0, 0.0), (0.5, 0.1), (3.0, 0.2))
    ]


def lists(pages: int) -> list[Row]:
    """Lists of one course and of many, beside what the limit alone would take."""
    took, _, refused = measured(whole_list, pages * 100)
    assert not refused
    found = [row(f"A list of {pages} pages", took, IDEAL, pages / LIMIT.requests * LIMIT.per, "s")]
    took, requests, refused = measured(many_courses, 20, courses=COURSES)
    assert requests == len(COURSES) == PAGES
    assert not refused
    title = f"{len(COURSES)} courses of one page, answers after {ANSWER:g} s"
    return [*found, row(title, took, IDEAL, len(COURSES) / LIMIT.requests * LIMIT.per, "s")]


async def requests_through_faults(count: int, share: int) -> int:
    """Requests for so many ids of which every so-manieth request fails; none is lost, and none comes twice."""
    faults: list[Fault] = [Answer(503), Reset(), Truncate(), Answer(429)]
    plan = [faults[n // share % 4] if share and n % share == 0 else Delay(0.0) for n in range(2 * count)]
    async with FakeMeltingSpot(limits=WIDE, largest_page=1) as fake:
        ids = fake.seed("c", count)
        fake.fail(*plan)
        limiter, retry = SlidingWindowLimiter(WIDE), RetryPolicy(backoff_base=0.01)
        async with MeltingSpotClient(
            fake.api_key, base_url=fake.base_url, limiter=limiter, retry=retry
        ) as client:
            results = [result async for result in client.course_participants.get_many("c", ids)]
        assert sorted(result.id for result in results if result.value) == sorted(ids)
        return len(fake.received)


def through_faults(count: int) -> list[Row]:
    """A tenth of the requests fail."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:  # a 429 pauses the whole key
        with_faults, without = (runner.run(requests_through_faults(count, share)) for share in (10, 0))
    title = f"{count:,} ids while every tenth request fails"
    return [row(title, with_faults, "without faults", without, "requests")]


def rows(quick: bool) -> list[Row]:
    """Whole reads, each beside the least that it could take."""
    found = asyncio.run(fresh_answers(3 if quick else 9))
    found += batches()
    found += lists(100 if quick else PAGES)
    return found + through_faults(400 if quick else 4_000)

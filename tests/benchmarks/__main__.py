"""Ratios side by side: ``python -m tests.benchmarks``. They are to be read, and pass or fail nothing."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import orjson

from meltingspot_async import (
    CourseParticipant,
    Freshness,
    MeltingSpotClient,
    Priority,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
)
from meltingspot_async.models import to_dict
from meltingspot_async.models._converter import structure
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.testing import (
    Answer,
    Delay,
    FakeMeltingSpot,
    Fault,
    Reset,
    Truncate,
    make_course_participant,
)
from tests.resources.test_activities import LARGE
from tests.support.clock import VirtualLoop

ROUNDS = 9
WIDE = [RateLimit(10**9, per=10.0)]

Run = Callable[[], Awaitable[None]]


async def compare(title: str, ours: Run, theirs: Run) -> None:
    """Print the median ratio of pairs run in turn, ours to theirs."""
    ratios: list[float] = []
    for _ in range(ROUNDS):
        times: list[float] = []
        for run in (ours, theirs):
            gc.collect()
            started = time.perf_counter()
            await run()
            times.append(time.perf_counter() - started)
        ratios.append(times[0] / times[1])
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"{title:<68} {middle:6.2f}  ({low:.2f} to {high:.2f})")


async def slot_against_semaphore() -> None:
    """Taking and giving back a free slot."""
    semaphore = asyncio.Semaphore(100)

    async def ours() -> None:
        limiter = SlidingWindowLimiter(WIDE)
        for _ in range(20_000):
            async with limiter.slot():
                pass

    async def theirs() -> None:
        for _ in range(20_000):
            async with semaphore:
                pass

    await compare("a free slot / asyncio.Semaphore", ours, theirs)


async def get_against_aiohttp() -> None:
    """A participant over loopback, through everything, against the bytes alone."""
    async with FakeMeltingSpot(limits=WIDE) as fake, aiohttp.ClientSession() as session:
        fake.seed("c", 1)
        url = f"{fake.base_url}/v1/courses/c/participants/participant-0"
        limiter = SlidingWindowLimiter(WIDE)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:

            async def ours() -> None:
                for _ in range(500):
                    await client.course_participants.get("c", "participant-0")

            async def theirs() -> None:
                for _ in range(500):
                    async with session.get(url, headers={"Authorization": fake.api_key}) as answer:
                        await answer.read()

            await compare("client.course_participants.get / aiohttp, same server and loop", ours, theirs)


async def fresh_against_asked() -> None:
    """A participant that is given again, against one that the service is asked for."""
    async with FakeMeltingSpot(limits=WIDE) as fake:
        fake.seed("c", 1)
        limiter = SlidingWindowLimiter(WIDE)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
            keeping = client.with_options(freshness=Freshness(max_age=3_600.0))

            async def ours() -> None:
                for _ in range(500):
                    await keeping.course_participants.get("c", "participant-0")

            async def theirs() -> None:
                for _ in range(500):
                    await client.course_participants.get("c", "participant-0")

            await compare("a fresh participant / one that is asked for", ours, theirs)


async def structuring_against_json() -> None:
    """A checked participant against parsing alone; and the two parsers."""
    body = json.dumps(to_dict(make_course_participant(2))).encode()

    async def ours() -> None:
        for _ in range(5_000):
            structure(body, CourseParticipant, "/")

    async def parsed() -> None:
        for _ in range(5_000):
            orjson.loads(body)

    async def parsed_slowly() -> None:
        for _ in range(5_000):
            json.loads(body)

    await compare("bytes to participant / orjson.loads alone", ours, parsed)
    await compare("orjson.loads / json.loads", parsed, parsed_slowly)


def seconds_for(requests: int, cold: float, warm: float) -> float:
    """Virtual seconds that many requests take, all asked for at once."""

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


def batch_against_ideal() -> None:
    """How long a batch takes on the documented limit, against what the limit alone would take."""
    ideal = (1_000 / 100 - 1) * 10.0
    for cold, warm in ((0.0, 0.0), (0.5, 0.1), (3.0, 0.2)):
        ratio = seconds_for(1_000, cold, warm) / ideal
        title = f"1,000 gets, {cold:g} s cold and {warm:g} s warm / the limit's own time (virtual)"
        print(f"{title:<68} {ratio:6.2f}")


def waiting_costs() -> None:
    """The time of a slot in a long queue, against a short one: O(log n) keeps the ratio near 1."""

    def per_slot(waiters: int) -> float:
        async def main() -> float:
            limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(50_000, per=DAY)])

            async def use() -> None:
                async with limiter.slot(Priority.BULK):
                    pass

            started = time.perf_counter()
            await asyncio.gather(*(use() for _ in range(waiters)))
            return (time.perf_counter() - started) / waiters

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(main())

    ratio = statistics.median(per_slot(40_000) / per_slot(1_000) for _ in range(3))
    print(f"{'a slot in a queue of 40,000 / in a queue of 1,000':<68} {ratio:6.2f}")


async def requests_per_participant() -> None:
    """What bulk reading costs in requests: the whole of a course, by list and by ids."""
    async with FakeMeltingSpot(limits=WIDE) as fake:
        ids = fake.seed("c", 1_000)
        limiter = SlidingWindowLimiter(WIDE)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
            listed = [p.id async for p in client.course_participants.list("c")]
            by_list = len(fake.received)
            fetched = [r async for r in client.course_participants.get_many("c", ids)]
            by_ids = len(fake.received) - by_list
    assert sorted(listed) == sorted(ids) == sorted(r.id for r in fetched)
    show("requests for 1,000 participants by list / participants", by_list / 1_000)
    show("requests for 1,000 participants by get_many / participants", by_ids / 1_000)


async def ids_through_faults() -> None:
    """4,000 ids, a tenth of whose requests fail: none lost, none twice; what it costs over no faults at all."""
    faults: list[Fault] = [Answer(503), Reset(), Truncate(), Answer(429)]
    costs: list[int] = []
    for share in (0, 10):
        async with FakeMeltingSpot(limits=WIDE, largest_page=1) as fake:
            ids = fake.seed("c", 4_000)
            plan = [faults[n // share % 4] if share and n % share == 0 else Delay(0.0) for n in range(8_000)]
            fake.fail(*plan)
            limiter, retry = SlidingWindowLimiter(WIDE), RetryPolicy(backoff_base=0.01)
            async with MeltingSpotClient(
                fake.api_key, base_url=fake.base_url, limiter=limiter, retry=retry
            ) as client:
                results = [r async for r in client.course_participants.get_many("c", ids)]
            assert sorted(r.id for r in results if r.value) == sorted(ids)
            costs.append(len(fake.received))
    show("requests for 4,000 ids through 10 % faults / without faults", costs[1] / costs[0])


def memory() -> None:
    """How much the peak of memory grows, in MB, while very much is read."""
    for title, script in (
        ("MB over the start, a list of 100,000 participants", LISTING),
        ("MB over the start, get_many of 1,000,000 ids from a generator", STREAM),
    ):
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        show(title, int(run.stdout) / 1024)
    export = ["-W", "ignore", "-c", LARGE.replace("LIMIT", "1_000_000")]
    run = subprocess.run([sys.executable, *export], capture_output=True, text=True, check=True)
    show("MB over the start, an export of 1,000,000 activities", int(run.stdout.split()[1]) / 1024)


PEAK = """
import asyncio, json, pathlib, re
from collections import defaultdict
from meltingspot_async import MeltingSpotClient, RateLimit, SlidingWindowLimiter
from meltingspot_async._paging.page import ReceivedPage
from meltingspot_async._paging.get_many import get_many
from meltingspot_async._paging.service_list import ServiceList
from meltingspot_async._http.exchange import Reply
from meltingspot_async._http.list_habits import ListHabits
from meltingspot_async._http.response import RawResponse
from meltingspot_async._http.session import SessionManager
from meltingspot_async.models import to_dict
from meltingspot_async.testing import make_course_participant

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""

LISTING = (
    PEAK
    + """
class Pages(SessionManager):
    async def ask(self, path, params, **_):
        first = (params["page"] - 1) * 100
        items = [to_dict(make_course_participant(n, course_id="c")) for n in range(first, min(first + 100, 100_000))]
        body = json.dumps({"items": items, "total": 100_000}).encode()
        return Reply(RawResponse(200, {}, body), 0, "1")

async def main():
    client = MeltingSpotClient("key")
    client.session_manager.__class__ = Pages
    listing = aiter(client.course_participants.list("c"))
    await anext(listing)
    start, count = peak(), 1
    async for _ in listing:
        count += 1
    assert count == 100_000
    print(peak() - start)

asyncio.run(main())
"""
)

STREAM = (
    PEAK
    + """
class Item:
    def __init__(self, id):
        self.id = id

class Session:
    list_habits = defaultdict(ListHabits)

class Source(ServiceList):
    async def item(self, item_id):
        return Item(item_id)

    async def page(self, number, size):
        return ReceivedPage((), (), 10**7)

async def main():
    source = Source(Session(), "/list", Item, 100)
    results = get_many(source, (f"{n:036d}" for n in range(1_000_000)), 20, raising=False)
    await anext(results)
    start, count = peak(), 1
    async for _ in results:
        count += 1
    assert count == 1_000_000
    print(peak() - start)

asyncio.run(main())
"""
)


async def small_courses(limit: RateLimit, count: int) -> float:
    """Seconds for so many courses of one page each, with answers that take 0.2 s."""
    async with FakeMeltingSpot(limits=[limit], cold=0.2, warm=0.2) as fake:
        ids = [f"course-{number}" for number in range(count)]
        for course_id in ids:
            fake.seed(course_id, 1)
        limiter = SlidingWindowLimiter([limit])
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:
            started = asyncio.get_running_loop().time()
            found = [participant async for participant in client.course_participants.list_many(ids)]
            assert len(found) == len(fake.received) == count
            return asyncio.get_running_loop().time() - started


def many_courses() -> None:
    """Print how long courses of one page each take together, in seconds of a virtual clock."""
    for requests, per, count in ((100, 10.0, 30), (100, 1.0, 300)):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            seconds = runner.run(small_courses(RateLimit(requests, per=per), count))
        show(f"{count} courses of one page, {requests} requests in {per:g} s allowed: seconds", seconds)


def show(title: str, figure: float) -> None:
    """Print one figure."""
    print(f"{title:<68} {figure:6.3f}")


if __name__ == "__main__":
    asyncio.run(slot_against_semaphore())
    asyncio.run(get_against_aiohttp())
    asyncio.run(fresh_against_asked())
    asyncio.run(structuring_against_json())
    waiting_costs()
    batch_against_ideal()
    asyncio.run(requests_per_participant())
    asyncio.run(ids_through_faults())
    many_courses()
    memory()

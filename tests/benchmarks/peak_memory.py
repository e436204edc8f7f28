"""How much the peak of memory grows while very much is read, beside keeping all of it."""

from __future__ import annotations

import subprocess
import sys

from tests.resources.test_activities import LARGE

from .measure import Row, row

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

async def growth(items, count):
    await anext(items)
    start, given = peak(), 1
    async for _ in items:
        given += 1
    assert given == count
    print(peak() - start)
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
    await growth(aiter(client.course_participants.list("c")), 100_000)

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
    await growth(results, 1_000_000)

asyncio.run(main())
"""
)


def printed(script: str) -> list[str]:
    """What a script in an interpreter of its own says."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def rows(quick: bool) -> list[Row]:
    """Reading item by item, beside the memory that the interpreter and the package take anyhow."""
    million = "100_000" if quick else "1_000_000"
    before = int(printed(PEAK + "print(peak())")[0]) / 1024
    listing = int(printed(LISTING)[0]) / 1024
    stream = int(printed(STREAM.replace("1_000_000", million))[0]) / 1024
    export = int(printed(LARGE.replace("LIMIT", million))[1]) / 1024
    count = f"{int(million):,}"
    return [
        row(title, grown, "the interpreter with the package", before, "MB")
        for title, grown in (
            ("A list of 100,000 participants: more memory", listing),
            (f"get_many of {count} ids: more memory", stream),
            (f"An export of {count} activities: more memory", export),
        )
    ]

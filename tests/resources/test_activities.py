"""The export of activities, on the wire."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from meltingspot_async import (
    Activity,
    ActivityType,
    AttemptFinished,
    AuthenticationError,
    DeadlineExceededError,
    Event,
    InvalidResponseError,
    MeltingSpotClient,
    NotFoundError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
    UnknownField,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate, make_activity

from ..support.clock import tasks_left

FLAKY: list[Fault] = [Truncate(), Reset()] * 3
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "/v1/activities~export"


@asynccontextmanager
async def service(
    count: int, *faults: Fault, repeats_event: bool = False, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient], None]:
    """A fake service with so many activities, and a client of it."""
    async with FakeMeltingSpot(limits=[RateLimit(100, per=10.0)], repeats_event=repeats_event) as fake:
        fake.add_to(PATH, *map(make_activity, range(count)))
        fake.fail(*faults)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, **options) as client:
            yield fake, client


async def ids(client: MeltingSpotClient, **arguments: Any) -> list[str | None]:
    """The ids of everything exported."""
    arguments = {"from_date": BEGIN, **arguments}
    return [activity.id async for activity in client.activities.export(**arguments)]


def made(count: int) -> list[str]:
    return [f"event-{number}" for number in range(count)]


@pytest.mark.parametrize("repeats_event", [False, True])
@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Truncate()],
        [Reset(), Truncate(), Answer(503), Truncate(), Answer(429, b"", {"Retry-After": "3"})],
        [Answer(200), Truncate()],
    ],
    ids=["none", "cut", "many", "empty"],
)
async def test_every_activity_is_given_once(repeats_event: bool, faults: list[Fault]) -> None:
    """Over several requests and broken connections, no activity is lost and none is given twice."""
    async with service(950, *faults[-5:], repeats_event=repeats_event) as (_, client):
        if isinstance(faults[0] if faults else None, Answer):
            assert await ids(client, limit=300) == []  # an empty answer is the service's word for nothing
        assert await ids(client, limit=300) == made(950)


async def test_activity_has_type_id_and_everything_else_in_extra() -> None:
    """An activity has its type, its id, and everything else the service sends, in extra."""
    async with service(1) as (_, client):
        async for activity in client.activities.export(from_date=BEGIN):
            assert activity == Activity(type=ActivityType.CHANNEL_JOINED, extra=activity.extra)
            assert activity.extra == {"id": "event-0", "occurredAt": 1767603600000}


async def test_arguments_reach_the_service() -> None:
    """Dates become timestamps, types a list, and the next request continues from the last event."""
    async with service(130) as (fake, client):
        only = [ActivityType.CHANNEL_JOINED, "LiveAttended"]
        assert len(await ids(client, to_date=BEGIN, event_types=only, limit=4)) == 10
        assert await ids(client, from_date=None, from_event_id="event-128", unit="ms") == ["event-129"]
        assert [request.url.partition("?")[2] for request in fake.received] == [
            "fromDate[eq]=1767225600&toDate[eq]=1767225600&eventType[in]=ChannelJoined,LiveAttended&limit=4",
            "fromEventId=event-39&toDate[eq]=1767225600&eventType[in]=ChannelJoined,LiveAttended&limit=4",
            "fromEventId=event-91&toDate[eq]=1767225600&eventType[in]=ChannelJoined,LiveAttended&limit=4",
            "fromEventId=event-117&toDate[eq]=1767225600&eventType[in]=ChannelJoined,LiveAttended&limit=4",
            "fromEventId=event-128&limit=10000",
            "fromEventId=event-129&limit=10000",
        ]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"from_date": None}, "from_date or from_event_id"),
        ({"from_event_id": "e"}, "from_date or from_event_id"),
        ({"from_date": None, "from_event_id": ""}, "from_event_id"),
        ({"limit": 0}, "limit must be a whole number from 1 to 10000"),
        ({"limit": 10_001}, "limit"),
        ({"limit": True}, "limit"),
        ({"to_date": "tomorrow"}, "to_date"),
        ({"event_types": []}, "event_types"),
        ({"id_field": " "}, "id_field must be the name of a field"),
        ({"id_field": 7}, "id_field must be the name of a field"),
        ({"filters": {"x[": 1}}, "filters"),
        ({"filters": {"fromEventId": "e"}}, "filters: fromEventId is set by the client"),
        ({"filters": {"limit": 5}}, "filters: limit is set by the client"),
    ],
)
async def test_wrong_argument_is_refused_at_the_call(arguments: dict[str, Any], names: str) -> None:
    """A wrong argument is a UsageError before the iteration begins."""
    begin: dict[str, Any] = {"from_date": BEGIN}
    async with service(1) as (fake, client):
        with pytest.raises(UsageError, match=names):
            client.activities.export(**begin | arguments)
        assert not fake.received


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answer(401, b'{"message": "no"}'), AuthenticationError),
        (Answer(404), NotFoundError),
        (Answer(200, b'{"type": 7}\n'), InvalidResponseError),
        (Answer(200, b'{"type": "LiveAttended"}\n<html>\n'), InvalidResponseError),
        (Answer(200, b"x" * 2**21), InvalidResponseError),
        (Answer(429, b"", {"Retry-After": "100"}), QuotaExhaustedError),
    ],
    ids=["401", "404", "no type", "no JSON", "endless", "long pause"],
)
async def test_permanent_failure_is_raised_without_a_retry(fault: Fault, error: type[Exception]) -> None:
    """An error that a retry cannot mend ends the export, after one request."""
    async with service(3, fault) as (fake, client):
        with pytest.raises(error):
            await ids(client)
        assert len(fake.received) == 1


async def test_retries_are_counted_from_the_last_activity() -> None:
    """Attempts are counted from the last activity received: an export gives up only where nothing arrives at all."""
    retry = RetryPolicy(attempts=3)
    async with service(400, *FLAKY, retry=retry) as (fake, client):
        assert await ids(client) == made(400)
        fake.fail(*[Answer(503)] * 3)
        with pytest.raises(ServerError) as refused:
            await ids(client)
        assert refused.value.attempts == 3
        fake.fail(Truncate(), Reset(), Reset())
        with pytest.raises(TransportError):
            await ids(client)


async def test_timeout_bounds_each_silence_not_the_export() -> None:
    """An answer may take any time while lines arrive; one silence longer than the timeout is an error."""
    async with service(250, timeout=5.0) as (fake, client):
        received = 0
        async for _ in client.activities.export(from_date=BEGIN):
            received += 1
            await asyncio.sleep(1.0)
        assert (received, len(fake.received)) == (250, 2)
        fake.fail(*[Delay(6.0)] * 5)
        with pytest.raises(RequestTimeoutError):
            await ids(client)


async def test_deadline_bounds_the_wait_for_a_request() -> None:
    """A wait for the next attempt that does not fit into the deadline is an error at once."""
    async with service(3, Answer(429, b"", {"Retry-After": "30"})) as (_, client):
        with pytest.raises(DeadlineExceededError):
            await ids(client.with_options(deadline=5.0))


async def test_deadline_begins_anew_with_every_activity() -> None:
    """The deadline bounds the time without progress: a slow export that makes progress does not reach it."""
    async with service(30, Delay(0.0)) as (fake, client):
        received = 0
        async for _ in client.with_options(deadline=5.0).activities.export(from_date=BEGIN, limit=10):
            received += 1
            if received in {10, 20}:
                fake.fail(Truncate(), Answer(503))
            await asyncio.sleep(1.0)
        assert received == 30


async def test_export_may_be_larger_than_max_response_bytes() -> None:
    """The cap of an answer's size does not hold for an export, which is never held as a whole."""
    async with service(900, max_response_bytes=1_000) as (_, client):
        assert await ids(client) == made(900)


async def test_fake_service_repeats_an_event_on_request() -> None:
    """With repeats_event, an answer begins with the event to continue from; without it, with the one behind."""
    for repeats_event, first in ((True, b'"event-3"'), (False, b'"event-4"')):
        async with service(9, repeats_event=repeats_event) as (_, client):
            answer = await client.session_manager.get(PATH, {"fromEventId": "event-3"})
            assert first in answer.body.splitlines()[0]


async def test_export_has_bulk_priority_unless_another_was_chosen() -> None:
    """An export is bulk by default, and has the priority chosen by with_options."""
    seen: list[Priority] = []

    class Spy(SlidingWindowLimiter):
        def slot(self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None) -> Any:
            seen.append(priority)
            return super().slot(priority, deadline)

    async with service(1, limiter=Spy([RateLimit(9, per=1.0)])) as (_, client):
        await ids(client)
        await ids(client.with_options(priority=Priority.INTERACTIVE))
    assert seen == [Priority.BULK] * 2 + [Priority.INTERACTIVE] * 2


async def test_stopped_export_leaves_nothing_behind() -> None:
    """Left in the middle, an export closes its connection, gives back its slot and leaves no task."""
    events: list[Event] = []
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with service(300, limiter=limiter, on_event=events.append) as (fake, client):
        before = asyncio.all_tasks()
        async with aclosing(client.activities.export(from_date=BEGIN)) as activities:
            async for _ in activities:
                break
        assert not await tasks_left(before)
        assert await ids(client, limit=50) == made(300)
        assert fake.most_received(10.0) == 1
        assert next(e.error for e in events if isinstance(e, AttemptFinished)) == "GeneratorExit"


@pytest.mark.parametrize("framing", ["chunked", "close", "silent"])
async def test_export_resumes_after_an_answer_that_broke_off_in_a_line(framing: str) -> None:
    """Where an answer breaks off or falls silent in a line, the export continues behind the last whole one."""
    asked: list[str] = []

    async def export(request: web.Request) -> web.StreamResponse:
        asked.append(request.query.get("fromEventId", "begin"))
        answer = web.StreamResponse()
        if framing == "close":
            answer.force_close()
        await answer.prepare(request)
        first = 0 if asked[-1] == "begin" else int(asked[-1]) + 1
        for number in range(first, 10):
            await answer.write(b'{"type": "LiveAttended", "id": %d}\n' % number)
            if number == 4 and len(asked) == 1:
                await answer.write(b'{"type": "LiveAtt')
                await asyncio.sleep(999 if framing == "silent" else 0)
                break
        return answer

    app = web.Application()
    app.router.add_get(PATH, export)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        async with MeltingSpotClient("key", base_url=f"http://{host}:{port}", timeout=9.0) as client:
            assert await ids(client) == [str(number) for number in range(10)]
    finally:
        await runner.cleanup()
    assert asked == ["begin", "4", "9"]


async def test_unknown_field_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    """Of each field that no model knows, the first gives one record at INFO and one event, over all requests."""
    caplog.set_level(logging.INFO)
    events: list[Event] = []
    async with service(450, on_event=events.append) as (_, client):
        await ids(client, limit=200)
        await ids(client.with_options(timeout=3.0))
    reported = [event for event in events if isinstance(event, UnknownField)]
    assert reported == [UnknownField("Activity", "id"), UnknownField("Activity", "occurredAt")]
    assert [record.getMessage() for record in caplog.records if "not documented" in record.getMessage()] == [
        f"Activity has a field that is not documented: {name} (kept in extra)"
        for name in ("id", "occurredAt")
    ]


LARGE = """
import asyncio, json, multiprocessing, pathlib, re
from datetime import datetime, UTC
from aiohttp import web
from meltingspot_async import MeltingSpotClient

COUNT = 30_000

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

async def export(request):
    first = int(request.query.get("fromEventId", -1)) + 1
    answer = web.StreamResponse()
    await answer.prepare(request)
    last = min(COUNT, first + int(request.query["limit"]))
    for start in range(first, last, 1000):
        await answer.write(b"".join(
            b'{"type": "CourseStepViewed", "id": "%d", "memberId": "%032d", "occurredAt": 1767603600000}\\n' % (n, n)
            for n in range(start, min(start + 1000, last))))
    return answer

def serve(pipe):
    async def main():
        app = web.Application()
        app.router.add_get("/v1/activities~export", export)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.sleep(3600)
    asyncio.run(main())

async def main(port):
    count = 0
    async with MeltingSpotClient("key", base_url=f"http://127.0.0.1:{port}") as client:
        async for activity in client.activities.export(from_date=datetime(2026, 1, 1, tzinfo=UTC)):
            if count == 0:
                start = peak()
            count += 1
    print(count, peak() - start)

if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    asyncio.run(main(ours.recv()))
    server.terminate()
    server.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory's high-water mark from /proc")
def test_export_takes_flat_memory() -> None:
    """Thirty thousand activities, read over three requests, take less than 3 MB over the start."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LARGE], capture_output=True, text=True, check=True
    )
    count, kilobytes = map(int, run.stdout.split())
    assert count == 30_000
    assert kilobytes < 3_000


@pytest.mark.parametrize(
    ("types", "asked"),
    [
        ("LiveAttended", "eventType[eq]=LiveAttended"),
        (["LiveAttended"], "eventType[eq]=LiveAttended"),
        (["LiveAttended", "TopicVoted"], "eventType[in]=LiveAttended,TopicVoted"),
    ],
)
async def test_one_type_is_equal_and_several_are_a_list(types: str | list[str], asked: str) -> None:
    """A single type is asked for by its own operator: a service may know only that one."""
    async with service(3) as (fake, client):
        await ids(client, event_types=types)
        assert asked in fake.received[0].url

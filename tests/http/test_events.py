"""The events and log records of a call."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime

import aiohttp
import pytest

from meltingspot_async import (
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallEvent,
    CallStarted,
    Coalesced,
    Course,
    Event,
    InvalidItem,
    RateLimit,
    RetryScheduled,
    SlidingWindowLimiter,
    Throttled,
    UnknownField,
    UnknownValue,
)
from meltingspot_async.testing import Answer, Delay, Reset, make_activity

from ..support.calls import PATH, get, outcome, serving


async def test_events_describe_a_call(caplog: pytest.LogCaptureFixture) -> None:
    """The start and end of each attempt, retries and pauses are reported, in order and as log records too."""
    caplog.set_level(logging.DEBUG, "meltingspot_async")
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(
            Answer(503, headers={"Retry-After": "2.5"}), Answer(429, headers={"Retry-After": "3.5"}), Reset()
        )
        await get(client)
    shown = [
        (type(e).__name__, getattr(e, "attempt", None), getattr(e, "status", None), getattr(e, "error", None))
        for e in events
    ]
    assert shown == [
        ("CallStarted", None, None, None),
        ("AttemptStarted", 1, None, None),
        ("AttemptFinished", 1, 503, None),
        ("RetryScheduled", 1, None, None),
        ("AttemptStarted", 2, None, None),
        ("AttemptFinished", 2, 429, None),
        ("Throttled", None, None, None),
        ("RetryScheduled", 2, None, None),
        ("AttemptStarted", 3, None, None),
        ("AttemptFinished", 3, None, "TransportError"),
        ("RetryScheduled", 3, None, None),
        ("AttemptStarted", 4, None, None),
        ("AttemptFinished", 4, 200, None),
        ("CallEnded", None, 200, None),
    ]
    first = events[0]
    assert isinstance(first, CallStarted)
    assert events[3] == RetryScheduled(first.call_id, PATH, 1, "503", 2.5)
    assert events[6] == Throttled(first.call_id, PATH, 3.5)
    assert [record.getMessage() for record in caplog.records] == [str(event) for event in events]


async def test_event_of_an_attempt_says_how_long_it_queued() -> None:
    """AttemptStarted has the seconds for which the attempt waited for its slot."""
    events: list[Event] = []
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with serving(limiter=limiter, on_event=events.append) as (_, client):
        await get(client, 1)
        await get(client, 2)
    first, second = [event.waited for event in events if isinstance(event, AttemptStarted)]
    assert first == 0.0
    assert second == pytest.approx(10.0, abs=0.1)


async def test_cancelled_attempt_is_reported_as_finished() -> None:
    """Every attempt that starts ends, cancelled ones included: a gauge of requests under way stays right."""
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(Delay(50.0))
        caller = get(client)
        await asyncio.sleep(2.0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    attempt, call = events[-2:]
    assert isinstance(attempt, AttemptFinished)
    assert isinstance(call, CallEnded)
    assert (attempt.status, attempt.error) == (call.status, call.error) == (None, "CancelledError")
    assert attempt.duration == call.duration == pytest.approx(2.0)


async def test_events_of_a_call_have_its_id() -> None:
    """The events of a call have one id, which no other call has, and the template of its path."""
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(Answer(503), Answer(429))
        await get(client, 1)
        await asyncio.gather(get(client, 2), get(client, 2))
        await client.course_participants.list("c").to_list()
        await client.session_manager.probe("/v1/courses")
        fake.add_to("/v1/activities~export", make_activity(1))
        async for _ in client.activities.export(from_date=datetime(2026, 1, 1, tzinfo=UTC)):
            pass
    calls: dict[str, list[CallEvent]] = {}
    for event in events:
        if isinstance(event, UnknownField):  # it is about a model, and reported once
            continue
        assert isinstance(event, CallEvent)
        calls.setdefault(event.call_id, []).append(event)
    for of_one in calls.values():
        assert isinstance(of_one[0], CallStarted)
        assert isinstance(of_one[-1], CallEnded)
        assert (of_one[-1].status, of_one[-1].error) == (200, None)
        assert len({event.template for event in of_one}) == 1
    templates = Counter(of_one[0].template for of_one in calls.values())
    assert templates == {
        "/v1/courses/{course_id}/participants/{participant_id}": 3,
        "/v1/courses/{course_id}/participants": 3,
        "/v1/courses": 1,
        "/v1/activities~export": 2,
    }
    first, second, third = (of_one for of_one in calls.values() if of_one[0].path.endswith(("-1", "-2")))
    assert sum(isinstance(event, AttemptStarted) for event in first) == 3
    joined = next(event for event in third if isinstance(event, Coalesced))
    assert joined.joined == second[0].call_id
    assert len(third) == 3


async def test_failed_call_is_reported_with_its_error() -> None:
    """The end of a call says which exception its caller got, the status if there is one, and how long it took."""
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        await outcome(client, 999)
        fake.fail(Delay(50.0))
        await outcome(client.with_options(deadline=2.0))
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert [(event.status, event.error) for event in ended] == [
        (404, "NotFoundError"),
        (None, "DeadlineExceededError"),
    ]
    assert ended[1].duration == pytest.approx(2.0)


async def test_attempt_that_cannot_be_sent_is_not_reported() -> None:
    """If the session given was closed while a call waited for its slot, no attempt has started."""
    events: list[Event] = []
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with (
        aiohttp.ClientSession() as session,
        serving(session=session, limiter=limiter, on_event=events.append) as (_, client),
    ):
        await get(client)
        waiting = get(client)
        await asyncio.sleep(1.0)
        await session.close()
        assert isinstance(await asyncio.gather(waiting, return_exceptions=True), list)
    assert [type(event).__name__ for event in events[-2:]] == ["CallStarted", "CallEnded"]


async def test_odd_item_is_reported_without_an_email() -> None:
    """The event of an odd item shows no id of a course that is an email, and has the template."""
    item = InvalidItem("/v1/courses/ada%40example.com/participants", "1", "$.items[0]", "odd")
    assert item.path == "/v1/courses/{id}/participants"
    assert item.template == "/v1/courses/{course_id}/participants"


async def test_failing_observer_is_reported_and_harms_nobody() -> None:
    """An exception of on_event goes to the loop's exception handler, and the call succeeds."""
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    def broken(event: Event) -> None:
        raise RuntimeError("metrics are down")

    async with serving(on_event=broken) as (_, client):
        assert (await get(client)).id == "participant-0"
    assert {str(context["exception"]) for context in reported} == {"metrics are down"}


async def test_what_an_answer_holds_is_reported_with_its_call() -> None:
    """Unknown fields and values and odd items have the id and the path of the call whose answer has them."""
    events: list[Event] = []
    odd = b'{"items": [{"id": "x"}], "total": 1, "new": 1}'
    async with serving(on_event=events.append) as (fake, client):
        fake.add_documents("/v1/courses", {"id": "c-1", "status": "Odd", "colour": "red"})
        fake.add_documents("/v1/activities~export", {"id": "e-1", "type": "LiveAttended", "colour": "red"})
        await client.courses.list().to_list()
        await client.get("/v1/courses/c-1", model=Course)
        await anext(client.activities.export(from_date=datetime(2026, 1, 1, tzinfo=UTC)))
        fake.fail(Answer(200, odd))
        await client.course_participants.list("c", on_invalid="skip").to_list()
    begun = {event.call_id: event.path for event in events if isinstance(event, CallStarted)}
    found = [event for event in events if isinstance(event, (UnknownField, UnknownValue, InvalidItem))]
    assert {type(event) for event in found} == {UnknownField, UnknownValue, InvalidItem}
    assert all(begun[event.call_id] == event.path for event in found)
    assert {event.template for event in found} >= {
        "/v1/courses",
        "/v1/activities~export",
        "/v1/courses/{course_id}/participants",
    }

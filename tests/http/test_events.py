"""The events and log records of a call."""

from __future__ import annotations

import asyncio
import logging

import pytest

from meltingspot_async import (
    AttemptFinished,
    Event,
    RetryScheduled,
    Throttled,
)
from meltingspot_async.testing import Answer, Delay, Reset

from ..support.calls import PATH, get, serving


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
    ]
    assert events[2] == RetryScheduled(PATH, 1, "503", 2.5)
    assert events[5] == Throttled(PATH, 3.5)
    assert [record.getMessage() for record in caplog.records] == [str(event) for event in events]


async def test_cancelled_attempt_is_reported_as_finished() -> None:
    """Every attempt that starts ends, cancelled ones included: a gauge of requests under way stays right."""
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(Delay(50.0))
        caller = get(client)
        await asyncio.sleep(2.0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    ended = events[-1]
    assert isinstance(ended, AttemptFinished)
    assert (ended.status, ended.error) == (None, "CancelledError")
    assert ended.duration == pytest.approx(2.0)


async def test_failing_observer_is_reported_and_harms_nobody() -> None:
    """An exception of on_event goes to the loop's exception handler, and the call succeeds."""
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    def broken(event: Event) -> None:
        raise RuntimeError("metrics are down")

    async with serving(on_event=broken) as (_, client):
        assert (await get(client)).id == "participant-0"
    assert {str(context["exception"]) for context in reported} == {"metrics are down"}

"""Identical GETs under way share one request."""

from __future__ import annotations

import asyncio
import logging
import traceback
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest

from meltingspot_async import (
    Coalesced,
    CourseParticipant,
    DeadlineExceededError,
    Event,
    PermissionDeniedError,
    Priority,
    RateLimit,
    SlidingWindowLimiter,
)
from meltingspot_async.testing import Answer, Delay

from ..support.calls import PATH, busy_connections, get, outcome, serving
from ..support.clock import now


async def test_identical_gets_share_one_request(caplog: pytest.LogCaptureFixture) -> None:
    """Fifty callers who ask for the same participant at once cost one request, and all get it."""
    caplog.set_level(logging.DEBUG, "meltingspot_async")
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        results = await asyncio.gather(*(get(client) for _ in range(50)))
        assert {participant.id for participant in results} == {"participant-0"}
        assert len(fake.received) == 1
        assert events.count(Coalesced(PATH)) == 49
        assert caplog.messages.count(f"GET {PATH}: joined a request under way") == 49
        await get(client)
        assert len(fake.received) == 2


async def test_coalescing_can_be_turned_off() -> None:
    """With coalesce=False every call is a request."""
    async with serving(coalesce=False) as (fake, client):
        await asyncio.gather(*(get(client) for _ in range(5)))
        assert len(fake.received) == 5


async def test_callers_share_a_failure() -> None:
    """All who share a request get its error, each an exception of its own with a traceback of its own."""
    async with serving() as (fake, client):
        fake.fail(Answer(403, b'{"message": "paid plans only"}'))
        results = await asyncio.gather(*(outcome(client) for _ in range(200)))
        assert [type(result) for result in results] == [PermissionDeniedError] * 200
        assert {str(result) for result in results} == {str(results[0])}
        assert "paid plans only" in str(results[0])
        assert len({id(result) for result in results}) == 200
        assert isinstance(results[-1], BaseException)
        assert len(traceback.extract_tb(results[-1].__traceback__)) < 20
        assert len(fake.received) == 1


@pytest.mark.parametrize("cancelled", [[0], [1], [0, 1], [0, 2]])
async def test_cancelled_caller_does_not_cancel_the_others(cancelled: list[int]) -> None:
    """Whoever of those who share a request is cancelled, the first included, the others get the answer."""
    async with serving() as (fake, client):
        fake.fail(Delay(5.0))
        callers = [get(client) for _ in range(3)]
        await asyncio.sleep(1.0)
        for number in cancelled:
            callers[number].cancel()
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert [n for n, r in enumerate(results) if isinstance(r, asyncio.CancelledError)] == cancelled
        assert sum(isinstance(r, CourseParticipant) for r in results) == 3 - len(cancelled)
        assert len(fake.received) == 1


async def test_last_cancelled_caller_cancels_the_request() -> None:
    """When no caller waits any more, the request is cancelled, and the next caller starts a new one."""
    async with aiohttp.ClientSession() as session, serving(session=session) as (fake, client):
        fake.fail(Delay(50.0))
        callers = [get(client) for _ in range(3)]
        await asyncio.sleep(1.0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert not busy_connections(session)
        started = now()
        await get(client)
        assert now() - started < 1.0
        assert len(fake.received) == 2


async def test_page_does_not_join_a_queued_batch_request() -> None:
    """Calls of different priorities do not share: a page never inherits a batch's place in the queue."""
    async with serving() as (fake, client):
        bulk = client.with_options(priority=Priority.BULK)
        await asyncio.gather(get(client), get(bulk))
        assert len(fake.received) == 2


async def test_request_under_way_outlives_the_deadline_of_its_first_caller() -> None:
    """Each caller times out by itself: one who joined later gets the answer of the same request."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Delay(6.0))
        first = get(client)
        await asyncio.sleep(3.0)
        second, patient = get(client), get(client.with_options(deadline=None))
        started = now()
        with pytest.raises(DeadlineExceededError):
            await first
        assert now() - started == pytest.approx(2.0, abs=0.01)
        assert (await second).id == (await patient).id == "participant-0"
        assert len(fake.received) == 1


async def test_hanging_request_costs_one_slot_and_ends_with_its_last_caller() -> None:
    """Ninety callers of one hanging id, one after the other, time out each in its time, over a single request."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
    async with serving(deadline=3.0, timeout=20.0, limiter=limiter) as (fake, client):
        fake.fail(*[Delay(1_000.0)] * 90)
        callers: list[asyncio.Task[CourseParticipant]] = []
        for _ in range(90):
            callers.append(get(client))
            await asyncio.sleep(0.05)
        started = now()
        errors = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(error) for error in errors] == [DeadlineExceededError] * 90
        assert now() - started == pytest.approx(2.95, abs=0.01)
        assert len(fake.received) == 1
        await asyncio.sleep(25.0)
        assert set(limiter.free().values()) == {100}


async def test_calls_refused_together_ask_for_one_slot() -> None:
    """Identical calls whose deadline the queue cannot meet are refused at once, by one question to the limiter."""
    asked: list[float | None] = []

    class Counting(SlidingWindowLimiter):
        def slot(
            self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
        ) -> AbstractAsyncContextManager[None]:
            asked.append(deadline)
            return super().slot(priority, deadline)

    async with serving(limiter=Counting([RateLimit(1, per=1_000.0)])) as (_, client):
        await get(client, 1)
        hasty = client.with_options(deadline=3.0)
        errors = await asyncio.gather(*(outcome(hasty) for _ in range(200)))
        assert [type(error) for error in errors] == [DeadlineExceededError] * 200
        assert len(asked) == 2


async def test_caller_with_more_time_asks_again_after_a_refusal() -> None:
    """A caller who joined a request that was refused for another's deadline waits for its own slot."""
    async with serving(limiter=SlidingWindowLimiter([RateLimit(1, per=10.0)])) as (fake, client):
        await get(client, 1)
        hasty, patient = get(client.with_options(deadline=3.0)), get(client)
        with pytest.raises(DeadlineExceededError):
            await hasty
        assert (await patient).id == "participant-0"
        assert len(fake.received) == 2

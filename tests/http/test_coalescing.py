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
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot

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
        assert sum(isinstance(event, Coalesced) for event in events) == 49
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
        assert len(list(traceback.walk_tb(results[-1].__traceback__))) < 20
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


async def test_page_does_not_join_a_batch_request_that_waits() -> None:
    """A page never inherits a batch's place in the queue: while the batch's request waits, it starts its own."""
    limiter = SlidingWindowLimiter([RateLimit(4, per=10.0)])
    async with serving(limiter=limiter) as (fake, client):
        bulk = client.with_options(priority=Priority.BULK)
        for number in (1, 2, 3):
            await get(client, number)
        queued = get(bulk)
        await asyncio.sleep(1.0)
        started = now()
        await get(client)
        assert now() - started < 1.0
        assert not queued.done()
        await queued
        assert len(fake.received) == 5


async def test_page_joins_a_batch_request_that_is_sent() -> None:
    """Once the batch's request is on its way, nothing is won by another one."""
    async with serving(FakeMeltingSpot(cold=1.0, warm=1.0)) as (fake, client):
        queued = get(client.with_options(priority=Priority.BULK))
        await asyncio.sleep(0.5)
        assert (await get(client)).id == (await queued).id
        assert len(fake.received) == 1


async def test_batch_joins_a_page_request() -> None:
    """A batch that wants what a page already asks for gets it with the page."""
    async with serving(FakeMeltingSpot(cold=1.0)) as (fake, client):
        await asyncio.gather(get(client), get(client.with_options(priority=Priority.BULK)))
        assert len(fake.received) == 1


async def test_page_that_joined_a_batch_request_does_not_queue_as_one() -> None:
    """When the shared request is refused, it waits again with the pages: one of its callers is a page."""
    limiter = SlidingWindowLimiter([RateLimit(9, per=10.0)])
    async with serving(FakeMeltingSpot(cold=1.0, warm=1.0), limiter=limiter) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "3.5"}))
        bulk = client.with_options(priority=Priority.BULK)
        shared = get(bulk)
        await asyncio.sleep(0.5)
        page, others = get(client), [get(bulk, number) for number in range(1, 6)]
        await asyncio.gather(shared, page, *others)
        assert fake.received[1].path.endswith("participant-0")


async def test_copies_with_other_options_share_where_the_answer_would_be_the_same() -> None:
    """A copy with a longer timeout or other retries joins; where the shared request fails, it makes its own."""
    async with serving(FakeMeltingSpot(cold=1.0, warm=1.0)) as (fake, client):
        hasty = client.with_options(retry=RetryPolicy(attempts=1), timeout=20.0)
        await asyncio.gather(get(hasty), get(client))
        assert len(fake.received) == 1
        fake.fail(Answer(503))
        failing, patient = get(hasty), get(client)
        with pytest.raises(ServerError):
            await failing
        assert (await patient).id == "participant-0"
        assert len(fake.received) == 3


async def test_those_who_cannot_take_a_failure_share_the_request_that_follows() -> None:
    """Callers who joined a request whose failure is not theirs make one more, together."""
    async with serving(FakeMeltingSpot(cold=1.0, warm=1.0)) as (fake, client):
        fake.fail(Answer(503))
        failing = get(client.with_options(retry=RetryPolicy(attempts=1)))
        patient = [get(client), get(client), get(client)]
        with pytest.raises(ServerError):
            await failing
        assert {participant.id for participant in await asyncio.gather(*patient)} == {"participant-0"}
        assert len(fake.received) == 2


async def test_copy_with_a_shorter_timeout_does_not_join() -> None:
    """Who waits less for an attempt does not depend on one that waits longer."""
    async with serving() as (fake, client):
        fake.fail(Delay(100.0))
        slow = get(client)
        await asyncio.sleep(0.5)
        started = now()
        await get(client.with_options(timeout=2.0))
        assert now() - started < 1.0
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)


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

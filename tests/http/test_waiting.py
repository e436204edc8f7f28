"""What one call knows of itself, and when it tries again: without a network."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import attrs
import pytest

from meltingspot_async import (
    ApiError,
    DeadlineExceededError,
    MeltingSpotClient,
    MeltingSpotError,
    Priority,
    QuotaExhaustedError,
    RateLimitError,
    RawResponse,
    RetryPolicy,
    ServerError,
    TransportError,
    UsageError,
)
from meltingspot_async._http.call import Call, CallsUnderWay
from meltingspot_async._http.exchange import Reply
from meltingspot_async._http.reporter import Reporter
from meltingspot_async._http.retry import AttemptFailure, RetryBudget
from meltingspot_async._http.waiting import wait_before_next_attempt
from meltingspot_async.events import Event, RetryScheduled

POLICY = RetryPolicy(attempts=3, backoff_base=0.5, max_retry_after=60.0, max_throttled=20.0)


def a_call(**changes: Any) -> Call:
    options = MeltingSpotClient("key").session_manager.options
    return Call.begin("/v1/a", attrs.evolve(options, **changes), "id", "call")


async def test_call_begins_with_nothing_tried() -> None:
    """A new call is at its first attempt, was refused never, waited not at all, and is a page's."""
    call = a_call(deadline=9.0)
    assert (call.attempt, call.tries, call.refusals, call.throttled) == (1, 1, 0, 0.0)
    assert (call.has_slot, call.waited, call.asked) == (False, 0.0, 0)
    assert (call.priority, call.item_id, call.id) == (Priority.INTERACTIVE, "id", "call")
    assert call.deadline == asyncio.get_running_loop().time() + 9.0
    assert a_call(priority=Priority.BULK).priority is Priority.BULK


async def test_refusals_are_attempts_but_no_tries() -> None:
    """A 429 takes time and no try; something useful begins everything anew, the deadline too."""
    call = a_call(deadline=9.0)
    call.refused(2.5)
    call.refused(4.0)
    call.attempt += 1
    assert (call.attempt, call.tries, call.refusals, call.throttled) == (4, 2, 2, 6.5)
    await asyncio.sleep(3.0)
    assert (call.has_time_for(6.0), call.has_time_for(6.1)) == (True, False)
    call.progress()
    assert (call.attempt, call.tries, call.refusals, call.throttled) == (1, 1, 0, 0.0)
    assert (call.has_time_for(9.0), call.has_time_for(9.1)) == (True, False)
    assert a_call(deadline=None).has_time_for(1e9)


@pytest.mark.parametrize(
    ("mine", "theirs", "has_slot", "suits", "alike"),
    [
        ({}, {}, False, True, True),
        ({"timeout": 10.0}, {"timeout": 5.0}, False, True, False),
        ({"timeout": 5.0}, {"timeout": 10.0}, False, False, False),
        ({}, {"priority": Priority.BULK}, False, False, False),
        ({}, {"priority": Priority.BULK}, True, True, True),
        ({"priority": Priority.BULK}, {}, False, True, True),
        ({"priority": Priority.BULK}, {"priority": Priority.BULK}, False, True, True),
        ({"retry": POLICY}, {}, False, True, False),
    ],
)
async def test_request_of_others_suits_if_it_is_as_soon(
    mine: dict[str, Any], theirs: dict[str, Any], has_slot: bool, suits: bool, alike: bool
) -> None:
    """Somebody else's request is joined if it does not wait longer; it is alike if it is tried as mine would be."""
    call, other = a_call(**mine), a_call(**theirs)
    other.has_slot = has_slot
    assert (call.suits(other), call.is_made_like(other)) == (suits, alike)


async def test_more_urgent_caller_decides() -> None:
    """A batch's request that a page joins is a page's, and stays one."""
    call = a_call(priority=Priority.BULK)
    for priority, now in (
        (Priority.BULK, Priority.BULK),
        (Priority.INTERACTIVE, Priority.INTERACTIVE),
        (Priority.BULK, Priority.INTERACTIVE),
    ):
        call.admit(a_call(priority=priority))
        assert call.priority is now


async def wait(
    failure: AttemptFailure, call: Call, budget: float = 100.0
) -> tuple[float | MeltingSpotError, list[Event]]:
    """The wait before the call's next attempt, or the error that ends it; and what was reported."""
    seen: list[Event] = []
    policy = attrs.evolve(POLICY, budget=budget)
    try:
        waited = wait_before_next_attempt(call, failure, policy, RetryBudget(), Reporter(seen.append, ""))
    except MeltingSpotError as error:
        return error, seen
    return waited, seen


@pytest.fixture(autouse=True)
def certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.5)


@pytest.mark.parametrize(
    ("failure", "reason", "waited"),
    [
        (ServerError(503, "/"), "503", 0.25),
        (ServerError(503, "/", retry_after=7.5), "503", 7.5),
        (TransportError("reset", "/"), "TransportError", 0.25),
    ],
)
async def test_failure_is_waited_out_and_reported(
    failure: AttemptFailure, reason: str, waited: float
) -> None:
    """The next attempt is counted, and an event says why and when it comes."""
    call = a_call(deadline=10.0)
    seconds, seen = await wait(failure, call)
    assert (seconds, call.attempt, call.refusals) == (waited, 2, 0)
    assert seen == [RetryScheduled("call", "/v1/a", 1, reason, waited)]


async def test_last_attempt_ends_the_call() -> None:
    """After its last try, and without a budget, a call ends with its failure, and nothing is announced."""
    failure = ServerError(503, "/")
    call = a_call()
    call.attempt = 3
    assert await wait(failure, call) == (failure, [])
    assert await wait(failure, a_call(), budget=0.0) == (failure, [])
    assert await wait(ApiError(404, "/"), a_call()) != (failure, [])


async def test_wait_beyond_the_deadline_is_not_begun() -> None:
    """A wait that does not fit is refused at once, with what it would have needed, and costs no budget."""
    error, seen = await wait(ServerError(503, "/", retry_after=7.5), a_call(deadline=7.4))
    assert isinstance(error, DeadlineExceededError)
    assert (error.wait_needed, error.deadline, seen) == (7.5, 7.4, [])


@pytest.mark.parametrize(("kept_by_limiter", "waited"), [(True, 0.0), (False, 8.5)])
async def test_429_is_no_failure(kept_by_limiter: bool, waited: float) -> None:
    """A 429 costs a call time and no try. Where no limiter keeps the pause, the call waits it out itself."""
    call = a_call(deadline=10.0)
    refusal = RateLimitError(429, "/", retry_after=8.5, pause=None if kept_by_limiter else 8.5)
    seconds, seen = await wait(refusal, call)
    assert (seconds, call.tries, call.refusals, call.throttled) == (waited, 1, 1, 8.5)
    assert seen == [RetryScheduled("call", "/v1/a", 1, "429", 8.5)]


async def test_429s_end_a_call_at_last() -> None:
    """A call lets itself be turned away for max_throttled seconds, and waits for no longer than max_retry_after."""
    call = a_call()
    for _ in range(2):
        assert (await wait(RateLimitError(429, "/", retry_after=10.0), call))[0] == 0.0
    last = RateLimitError(429, "/", retry_after=10.0)
    assert (await wait(last, call))[0] is last
    assert (await wait(RateLimitError(429, "/", retry_after=20.0), a_call()))[0] == 0.0
    assert isinstance(
        (await wait(RateLimitError(429, "/", retry_after=60.1), a_call()))[0], QuotaExhaustedError
    )
    assert not isinstance(
        (await wait(RateLimitError(429, "/", retry_after=60.0), a_call()))[0], QuotaExhaustedError
    )


async def test_pause_beyond_the_deadline_is_not_waited_for() -> None:
    """A pause that a call would wait out itself, and that ends too late, is refused with what it would have needed."""
    error, _ = await wait(RateLimitError(429, "/", retry_after=8.5, pause=8.5), a_call(deadline=8.4))
    assert isinstance(error, DeadlineExceededError)
    assert error.wait_needed == 8.5


async def test_nothing_begins_once_a_client_is_closed() -> None:
    """What a call would do next after its client was closed is refused, and what it does ends."""
    calls = CallsUnderWay()
    ending = asyncio.create_task(_wait_within(calls))
    await asyncio.sleep(0)
    assert len(calls.scopes) == 1
    await calls.close()
    with pytest.raises(UsageError, match="closed while the call was under way"):
        await ending
    assert not calls.scopes
    with pytest.raises(UsageError, match="closed while the call was under way"):
        await _wait_within(calls)


async def _wait_within(calls: CallsUnderWay, deadline: float = 9.0) -> None:
    async with calls.scope(a_call(deadline=deadline)):
        await asyncio.sleep(99.0)


async def test_deadline_ends_what_a_call_does() -> None:
    """When the deadline passes the block ends, at its time, and nothing of the call is left."""
    calls, started = CallsUnderWay(), asyncio.get_running_loop().time()
    with pytest.raises(DeadlineExceededError) as late:
        await _wait_within(calls)
    assert (late.value.wait_needed, late.value.deadline) == (None, 9.0)
    assert asyncio.get_running_loop().time() == started + 9.0
    assert not calls.scopes


async def test_connections_are_bounded_by_the_limiter_alone() -> None:
    """No pool eats into the time of an attempt, and no cookie of one answer goes into another request."""
    async with MeltingSpotClient("key") as client:
        session = client.session_manager._pool.open().session
        assert session.connector is not None
        assert session.connector.limit == 0
        session.cookie_jar.update_cookies({"a": "b"})
        assert len(session.cookie_jar) == 0


@pytest.mark.parametrize(("coalesce", "sent"), [(True, 1), (False, 2)])
async def test_identical_requests_are_one_unless_that_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, coalesce: bool, sent: int
) -> None:
    """Two identical requests at the same time are one, and with ``coalesce=False`` two."""
    asked: list[str] = []

    async def reply(call: Call, url: str) -> Reply:
        asked.append(url)
        await asyncio.sleep(1.0)
        return Reply(RawResponse(200, {}, b"{}"), 1, call.id)

    async with MeltingSpotClient("key", coalesce=coalesce) as client:
        manager = client.session_manager
        monkeypatch.setattr(manager, "_reply", reply)
        answers = await asyncio.gather(manager.get("/v1/a"), manager.get("/v1/a"))
    assert [answer.status for answer in answers] == [200, 200]
    assert len(asked) == sent

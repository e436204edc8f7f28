"""What every limiter promises: when slots are free, who gets them, and what those learn who get none.

``first`` and ``second`` are two ways to one limit: the same limiter in memory, two processes in Redis.
"""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    DeadlineExceededError,
    InvalidResponseError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    TransportError,
)
from meltingspot_async.rate_limit._limits import DAY

from ..support.clock import now
from ..support.limiters import BULK, INTERACTIVE, Kind, hold_at_once, lasted, most_in_a_window, queued, use

WINDOW = 10.0
"""Seconds of a typical window."""

FOREVER = 1_000.0
"""A window that no test waits for."""


async def test_no_window_holds_more_than_the_limit(kind: Kind) -> None:
    """Two long queues of one key are served together within the limit of one."""
    limit = RateLimit(10, per=WINDOW)

    async with kind.pair(limit) as pair:
        taken = await asyncio.gather(
            *(use(limiter, seconds=WINDOW * (n % 5) / 20) for n in range(40) for limiter in pair)
        )
    assert most_in_a_window(list(taken), limit.per) <= 10


async def test_slot_is_free_one_window_after_the_answer(kind: Kind) -> None:
    """The next request gets the slot a window after the answer to the one before."""
    async with kind.pair(RateLimit(1, per=WINDOW)) as (first, second):
        taken = await use(first, seconds=WINDOW / 2)
        assert await use(second) - taken == lasted(kind, 1.5 * WINDOW, WINDOW)


@pytest.mark.parametrize(
    ("error", "is_given_up"),
    [
        (ServerError(500, "/"), False),
        (InvalidResponseError("/", "$", "it is too large"), False),
        (TransportError("reset", "/"), True),
        (RuntimeError("bug"), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_outcome_of_a_request_decides_when_its_slot_is_free(
    kind: Kind, error: Exception, is_given_up: bool
) -> None:
    """An answer counts at once, a request that was given up a margin later."""
    async with kind.pair(RateLimit(1, per=WINDOW)) as (first, second):
        started = now()
        with pytest.raises(type(error)):
            async with first.slot():
                raise error
        waited = await use(second) - started
        assert waited == lasted(kind, WINDOW + is_given_up * 10.0, WINDOW)


async def test_batch_with_a_deadline_has_its_slot_in_time(kind: Kind) -> None:
    """A bulk request that is the first to wait is not refused where its deadline can be met."""
    async with kind.pair(RateLimit(1, per=WINDOW)) as (first, _):
        taken = await use(first)
        async with first.slot(BULK, taken + 2 * WINDOW):
            assert now() - taken == lasted(kind, WINDOW, WINDOW)


async def test_slot_of_an_unsent_request_is_free_at_once(kind: Kind) -> None:
    """A slot whose request never left is free without a window's wait."""
    async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
        with pytest.raises(TransportError):
            async with first.slot():
                raise TransportError("refused", "/", sent=False)
        started = now()
        async with asyncio.timeout(FOREVER / 2):
            assert await use(second) == started


async def order_of_service(kind: Kind, bulk: int, pages: int, *, together: bool) -> list[Priority]:
    """Who is served in which order when first bulk requests and then pages queue for one slot."""
    order: list[Priority] = []
    async with kind.pair(RateLimit(1, per=1.0)) as (first, second):

        async def one(priority: Priority) -> None:
            async with (first if together or priority is BULK else second).slot(priority):
                order.append(priority)

        async with asyncio.TaskGroup() as group, first.slot():
            for priority, number in ((BULK, bulk), (INTERACTIVE, pages)):
                for _ in range(number):
                    group.create_task(one(priority))
                await queued()
    return order


@pytest.mark.parametrize("together", [True, False])
async def test_interactive_requests_are_served_before_bulk(kind: Kind, *, together: bool) -> None:
    """Once pages wait, no batch gets a slot before the last of them has one."""
    order = await order_of_service(kind, bulk=5, pages=5, together=together)
    assert order == [INTERACTIVE] * 5 + [BULK] * 5


@pytest.mark.parametrize("together", [True, False])
async def test_bulk_gets_one_slot_in_51(kind: Kind, *, together: bool) -> None:
    """After 50 slots in a row for pages, a batch that waits gets one."""
    order = await order_of_service(kind, bulk=2, pages=110, together=together)
    assert [place for place, priority in enumerate(order) if priority is BULK] == [50, 101]


async def test_429_pauses_every_request(kind: Kind) -> None:
    """After a 429 nobody gets a slot until its pause is over, whatever slots are free."""
    async with kind.pair(RateLimit(9, per=WINDOW)) as (first, second):
        await use(first)
        with pytest.raises(RateLimitError):
            async with first.slot():
                raise RateLimitError(429, "/", retry_after=2 * WINDOW, pause=2 * WINDOW)
        started = now()
        await queued()
        for taken in await asyncio.gather(use(first), use(second), use(second, BULK)):
            assert taken - started >= 2 * WINDOW


async def test_429_without_a_pause_is_an_answer_like_any_other(kind: Kind) -> None:
    """A RateLimitError that names no pause only uses its slot."""
    async with kind.pair(RateLimit(2, per=FOREVER)) as (first, second):
        with pytest.raises(RateLimitError):
            async with first.slot():
                raise RateLimitError(429, "/")
        started = now()
        async with asyncio.timeout(FOREVER / 2):
            assert await use(second) == started


async def test_pause_beyond_patience_refuses_every_request(kind: Kind) -> None:
    """When the key is closed for longer than patience, waiting and new requests fail, and learn for how long."""
    async with kind.pair(RateLimit(1, per=WINDOW), patience=60.0) as (first, second):
        holder = first.slot()
        await holder.__aenter__()
        waiting = [asyncio.create_task(use(second, priority)) for priority in Priority]
        await queued()
        refused = RateLimitError(429, "/", retry_after=3_600.0, pause=3_600.0)
        assert not await holder.__aexit__(RateLimitError, refused, None)
        outcomes = await asyncio.gather(*waiting, use(first), return_exceptions=True)
        for outcome in outcomes:
            assert isinstance(outcome, QuotaExhaustedError)
            assert 3_600.0 - WINDOW <= outcome.retry_after <= 3_600.0  # another process learns at its turn


async def test_used_up_day_refuses_every_request_at_once(kind: Kind) -> None:
    """When the day's allowance is used up, a request learns at once when to try again, in either lane."""
    async with kind.pair(RateLimit(100, per=WINDOW), RateLimit(3, per=DAY)) as (first, second):
        for limiter in (first, second, second):
            await use(limiter)
        await queued()
        for limiter, priority, deadline in (
            (first, INTERACTIVE, None),
            (second, BULK, None),
            (first, INTERACTIVE, now() + 5.0),
        ):
            with pytest.raises(QuotaExhaustedError) as refused:
                async with limiter.slot(priority, deadline):
                    pytest.fail("the day is used up")
            assert DAY - 60.0 < refused.value.retry_after <= DAY * 1.002


async def test_deadline_that_cannot_be_met_is_refused_before_the_wait(kind: Kind) -> None:
    """A request whose slot would be free too late learns it at once, and how long it would have waited."""
    async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
        await use(first)
        await queued()
        started = now()
        with pytest.raises(DeadlineExceededError) as refused:
            async with second.slot(deadline=started + 0.9 * FOREVER):
                pytest.fail("the slot is free after the window")
        assert now() - started < 0.5 * FOREVER
        assert refused.value.wait_needed == pytest.approx(FOREVER, rel=0.01)


async def test_deadline_ends_the_wait_when_an_answer_is_slow(kind: Kind) -> None:
    """A request whose slot is not free when expected fails at its deadline and leaves no trace."""
    async with kind.pair(RateLimit(1, per=WINDOW)) as (first, second):
        async with first.slot():
            started = now()
            with pytest.raises(DeadlineExceededError):
                async with second.slot(deadline=started + 2 * WINDOW):
                    pytest.fail("the only slot is held")
            assert now() - started == 2 * WINDOW
        await hold_at_once(second, 1)


async def test_request_cancelled_at_any_point_loses_no_slot(kind: Kind) -> None:
    """A request cancelled while it asks, waits, is given a slot or holds one gives back what it had."""
    async with kind.pair(RateLimit(2, per=WINDOW)) as (first, second):
        for turn in range(20):
            tasks = [asyncio.create_task(use(first, seconds=WINDOW / 20)) for _ in range(4)]
            for _ in range(turn):
                await asyncio.sleep(0)
            for task in tasks[:3]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await hold_at_once(second, 2)


async def test_request_cancelled_at_the_moment_of_its_turn_passes_the_slot_on(kind: Kind) -> None:
    """A waiter cancelled right after its slot was freed, before it could run, leaves it to the next one."""
    async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
        holder = first.slot()
        await holder.__aenter__()
        unlucky = asyncio.create_task(use(first))
        await queued()
        unsent = TransportError("refused", "/", sent=False)
        await holder.__aexit__(TransportError, unsent, None)
        unlucky.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unlucky
        started = now()
        async with asyncio.timeout(FOREVER / 2):
            assert await use(second) == started

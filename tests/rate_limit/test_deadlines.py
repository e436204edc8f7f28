"""A deadline that cannot be met is refused before the wait, and any other is kept."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from meltingspot_async import (
    DeadlineExceededError,
    Priority,
    RateLimit,
    RateLimitError,
    SlidingWindowLimiter,
    TransportError,
)

from ..support.clock import now
from ..support.limiters import fill, use


async def test_refusal_counts_the_place_in_the_queue() -> None:
    """A waiter that is fourth in the queue learns at once that its slot is two windows away."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    await fill(limiter, 2)
    queued = [asyncio.create_task(use(limiter)) for _ in range(3)]
    started = now()
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=started + 15.0):
            pytest.fail("the fourth in the queue has to wait for the second window")
    assert now() == started
    assert (refused.value.wait_needed, refused.value.deadline) == (20.0, 15.0)
    await asyncio.gather(*queued)


async def test_refusal_counts_each_slot_in_its_own_time() -> None:
    """The second in the queue waits for the slot that is free second, and learns when that is."""
    limiter, started = SlidingWindowLimiter([RateLimit(2, per=10.0)]), now()
    await use(limiter, seconds=0.0)
    await use(limiter, seconds=5.0)
    first = asyncio.create_task(use(limiter))
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=started + 12.0):
            pytest.fail("the slot that is free in time is the first one's")
    assert (now(), refused.value.wait_needed) == (started + 5.0, 10.0)
    assert await first == started + 10.0


async def test_earliest_free_slot_may_be_one_in_flight() -> None:
    """A slot in flight can be back before one that was given up on: who has time until then is not refused."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    with pytest.raises(TransportError):
        async with limiter.slot():
            raise TransportError("reset", "/")
    started = now()
    holder = asyncio.create_task(use(limiter, seconds=1.0))
    await asyncio.sleep(0)
    async with limiter.slot(deadline=started + 15.0):
        assert now() == started + 11.0
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=now() + 5.0):
            pytest.fail("the next is the one that was given up on")
    assert refused.value.wait_needed == 9.0
    await holder


async def test_refusal_of_a_batch_counts_the_pages_before_it() -> None:
    """A batch learns at once that pages, and a batch before it, keep it from a slot in time, and for how long."""
    limiter, started = SlidingWindowLimiter([RateLimit(1, per=10.0)]), now()
    await use(limiter)
    queued = [asyncio.create_task(use(limiter)) for _ in range(3)]
    queued.append(asyncio.create_task(use(limiter, Priority.BULK)))
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(Priority.BULK, started + 35.0):
            pytest.fail("it is the fifth")
    assert (now(), refused.value.wait_needed) == (started, 50.0)
    await asyncio.gather(*queued)


async def test_refused_request_that_may_leave_is_no_reason_to_refuse_another() -> None:
    """One that waits again after a 429 may leave at its deadline, as all others: nobody is refused because of it."""
    limiter, started = SlidingWindowLimiter([RateLimit(1, per=10.0)]), now()

    async def refused_once() -> None:
        with contextlib.suppress(RateLimitError):
            async with limiter.slot(deadline=started + 100.0):
                raise RateLimitError(429, "/", pause=0.5)
        async with limiter.slot(deadline=started + 100.0):
            pytest.fail("it is cancelled while it waits")

    leaving = asyncio.create_task(refused_once())
    await asyncio.sleep(1.0)
    asyncio.get_running_loop().call_later(4.0, leaving.cancel)
    async with limiter.slot(deadline=started + 15.0):
        assert now() == started + 10.0
    assert leaving.cancelled()


async def test_those_who_may_leave_are_no_reason_to_refuse() -> None:
    """A batch whose deadline allows for pages that give up before it is not refused, and has its slot then."""
    limiter, started = SlidingWindowLimiter([RateLimit(2, per=10.0)], reserve=0), now()
    holders = [asyncio.create_task(use(limiter, seconds=1.0)) for _ in range(2)]

    async def wait(priority: Priority, seconds: float) -> float:
        async with limiter.slot(priority, started + seconds):
            return now()

    await asyncio.sleep(0)
    pages = [asyncio.create_task(wait(Priority.INTERACTIVE, 100.0)) for _ in range(3)]
    batches = [asyncio.create_task(wait(Priority.BULK, seconds)) for seconds in (100.0, 25.0)]
    await asyncio.sleep(5.0)
    for leaving in (*pages, batches[0]):
        leaving.cancel()
    assert await batches[1] == started + 11.0
    await asyncio.gather(*holders, *pages, batches[0], return_exceptions=True)


async def test_slot_in_flight_counts_as_a_window_away() -> None:
    """A slot whose answer is not in yet cannot come free within a window, which decides a refusal too."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    holder = asyncio.create_task(use(limiter, seconds=30.0))
    await asyncio.sleep(1.0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=now() + 9.0):
            pytest.fail("no slot can come free so soon")
    assert refused.value.wait_needed == 10.0
    await holder


async def test_deadline_that_passes_in_the_queue_ends_the_wait() -> None:
    """When answers are slower than hoped for, a waiter fails at its deadline and leaves no trace."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    holder = asyncio.create_task(use(limiter, seconds=30.0))
    await asyncio.sleep(0)
    started = now()
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=started + 12.0):
            pytest.fail("the slot is held for longer")
    assert now() == started + 12.0
    assert refused.value.deadline == 12.0
    await holder
    assert await use(limiter) == started + 40.0


async def test_slot_that_comes_free_within_the_second_is_waited_for() -> None:
    """A deadline of less than a second is time enough for a slot that comes free before it."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=0.5)])
    await use(limiter)
    started = now()
    async with limiter.slot(deadline=started + 0.8):
        assert now() == started + 0.5


async def test_free_slot_is_given_at_the_deadline_itself() -> None:
    """A slot that is free is given, even to one whose deadline is now."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with limiter.slot(deadline=now()):
        pass


async def test_pause_beyond_a_deadline_refuses_the_waiter_at_once() -> None:
    """A waiter with a deadline before the end of a pause is refused when the pause begins."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()

    async def refused() -> float:
        async with limiter.slot():
            await asyncio.sleep(3.0)
            raise RateLimitError(429, "/", retry_after=30.0, pause=30.0)

    async def page() -> float:
        async with limiter.slot(deadline=started + 20.0):
            return now()

    holders = [asyncio.create_task(refused()), asyncio.create_task(use(limiter, seconds=3.0))]
    await asyncio.sleep(0)
    hasty, cancelled, patient = (asyncio.create_task(c) for c in (page(), page(), use(limiter)))
    await asyncio.sleep(1.0)
    asyncio.get_running_loop().call_at(started + 3.0, cancelled.cancel)
    with pytest.raises(DeadlineExceededError) as too_late:
        await hasty
    assert now() == started + 3.0
    assert (too_late.value.wait_needed, too_late.value.deadline) == (30.0, 17.0)
    assert await patient == started + 33.0
    await asyncio.gather(*holders[1:], cancelled, return_exceptions=True)
    with pytest.raises(RateLimitError):
        await holders[0]


async def test_waiter_who_is_too_far_behind_by_now_is_refused_when_that_is_known() -> None:
    """When refusals show that less is left of the key, a waiter whose turn then comes too late learns it at once."""
    limiter, started = SlidingWindowLimiter([RateLimit(2, per=10.0)]), now()

    async def refused() -> None:
        async with limiter.slot():
            await asyncio.sleep(1.0)
            raise RateLimitError(429, "/", pause=0.5)

    await use(limiter)
    holder = asyncio.create_task(refused())
    await asyncio.sleep(0)
    queue = [asyncio.create_task(use(limiter)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError):
        async with limiter.slot(deadline=started + 25.0):
            pytest.fail("three without a deadline come before it, one in ten seconds")
    assert now() == started + 1.0
    for waiter in queue:
        waiter.cancel()
    await asyncio.gather(holder, *queue, return_exceptions=True)


@pytest.mark.parametrize("first", ["cancellation", "deadline"])
async def test_cancellation_in_the_same_turn_as_a_deadline_stays_a_cancellation(first: str) -> None:
    """A task that is cancelled at the very moment of its deadline ends cancelled, and leaves no trace."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    deadline, loop = now() + 20.0, asyncio.get_running_loop()

    async def wait() -> None:
        async with limiter.slot(deadline=deadline):
            pytest.fail("the only slot is held")

    tasks: list[asyncio.Task[None]] = []

    def cancel() -> None:
        tasks[0].cancel()

    async with limiter.slot():
        if first == "cancellation":
            loop.call_at(deadline, cancel)
        tasks.append(asyncio.create_task(wait()))
        await asyncio.sleep(0)
        if first == "deadline":
            loop.call_at(deadline, cancel)
        await asyncio.wait(tasks)
    assert now() == deadline
    assert tasks[0].cancelled()
    assert await use(limiter) == deadline + 10.0

"""A used-up day, and pauses of the whole key."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    Priority,
    QuotaExhaustedError,
    RateLimit,
    SlidingWindowLimiter,
    TransportError,
)
from meltingspot_async.rate_limit._limits import DAY

from ..support.clock import now
from ..support.limiters import fill, use


@pytest.mark.parametrize("deadline", [None, 5.0], ids=["patient", "with deadline"])
async def test_used_up_day_is_over_when_its_first_slot_is_free(deadline: float | None) -> None:
    """When the daily allowance is used up, a call learns at once when to try again instead of hanging."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(3, per=DAY)])
    await fill(limiter, 3)
    await asyncio.sleep(3_600.0)
    with pytest.raises(QuotaExhaustedError) as refused:
        async with limiter.slot(deadline=None if deadline is None else now() + deadline):
            pytest.fail("there is no slot")
    assert refused.value.retry_after == DAY - 3_600.0
    await asyncio.sleep(DAY - 3_600.0)
    await use(limiter)


async def test_queue_behind_a_used_up_day_is_refused() -> None:
    """Requests that wait while the last of the day's slots is used are refused too, with nothing left behind."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0), RateLimit(2, per=DAY)])
    results = await asyncio.gather(
        *(use(limiter, p) for p in Priority for _ in range(4)), return_exceptions=True
    )
    assert [type(r) for r in results].count(QuotaExhaustedError) == 6


async def test_queue_learns_that_the_day_is_used_up_with_its_last_answer() -> None:
    """Those who wait while the last slots of the day are in flight are refused when the answers are in, not later."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0), RateLimit(2, per=DAY)])
    started = now()
    holders = [asyncio.create_task(use(limiter, seconds=seconds)) for seconds in (5.0, 6.0)]
    await asyncio.sleep(0)
    with pytest.raises(QuotaExhaustedError):
        await use(limiter)
    assert now() == started + 6.0
    await asyncio.gather(*holders)


async def test_day_that_frees_a_slot_within_patience_is_waited_for() -> None:
    """An allowance whose next slot is less than ``patience`` away is no reason to fail."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=DAY)], patience=60.0)
    await use(limiter)
    await asyncio.sleep(DAY - 50.0)
    started = now()
    assert await use(limiter) == started + 50.0


async def test_day_whose_last_slot_is_in_flight_is_not_used_up() -> None:
    """A slot in flight may be free again at once: the waiter gets it."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=DAY)])
    started = now()

    async def unsent() -> None:
        async with limiter.slot():
            await asyncio.sleep(2.0)
            raise TransportError("refused", "/", sent=False)

    holder = asyncio.create_task(unsent())
    await asyncio.sleep(0)
    assert await use(limiter) == started + 2.0
    with pytest.raises(TransportError):
        await holder

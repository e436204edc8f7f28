"""How a limiter is made, and which loops it serves."""

from __future__ import annotations

import asyncio
import math
import threading

import pytest

from meltingspot_async import (
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)

from ..support.clock import now, run_virtual
from ..support.limiters import use


async def test_limiter_on_two_loops_at_once_is_refused() -> None:
    """Two running loops cannot share a limiter, and the error says what to do instead."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    await use(limiter)

    refusals: list[str] = []

    def elsewhere() -> None:
        try:
            asyncio.run(use_once())
        except UsageError as error:
            refusals.append(str(error))

    async def use_once() -> float:
        return await use(limiter)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    (text,) = refusals
    assert "one limiter for each loop" in text


def test_limiter_continues_counting_on_the_next_loop() -> None:
    """A second ``asyncio.run`` in one process starts with what the first one used."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])

    async def waited() -> float:
        started = now()
        return await use(limiter) - started

    assert [run_virtual(waited()), run_virtual(waited())] == [0.0, 10.0]


def test_limiter_without_limits_is_refused() -> None:
    """A limiter that limits nothing is a mistake."""
    with pytest.raises(UsageError, match="at least one"):
        SlidingWindowLimiter([])


@pytest.mark.parametrize("patience", [-1.0, math.nan, None])
def test_patience_that_is_not_a_duration_is_refused(patience: float) -> None:
    """Patience is a number of seconds, 0 or above."""
    with pytest.raises(UsageError, match="patience"):
        SlidingWindowLimiter([RateLimit(1, per=1.0)], patience=patience)


@pytest.mark.parametrize("reserve", [-0.1, 1, 1.5, math.nan, None, True])
def test_reserve_that_is_no_share_is_refused(reserve: float) -> None:
    """The reserve is a share: 0 or above, and below 1."""
    with pytest.raises(UsageError, match="reserve"):
        SlidingWindowLimiter([RateLimit(1, per=1.0)], reserve=reserve)

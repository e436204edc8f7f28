"""When those who wait are refused because their slot would come too late."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import DeadlineExceededError, RateLimit, RateLimitError, SlidingWindowLimiter
from meltingspot_async.rate_limit._lanes import Place
from meltingspot_async.rate_limit._shared import SharedLimiter, shared_rules

from ..support.clock import now
from ..support.limiters import INTERACTIVE
from ..support.memory_store import MemoryStore


def limiter_of(*limits: RateLimit) -> SharedLimiter:
    rules = shared_rules(limits, reserve=0.0, lease=30.0)
    limiter = SharedLimiter(MemoryStore(rules), limits, rules, 60.0, None)
    limiter._use_running_loop()
    return limiter


async def test_slots_are_counted_in_the_windows_of_all_limits() -> None:
    """Whoever has more before it than a window holds waits for another one, of each limit."""
    limiter = limiter_of(RateLimit(2, per=10.0), RateLimit(5, per=60.0))
    limiter._last.free_at = 7.0
    waits = [limiter._free_at(INTERACTIVE, ahead) for ahead in (0, 1, 2, 4, 5, 9, 10)]
    assert waits == [7.0, 7.0, 17.0, 27.0, 67.0, 67.0, 127.0]


@pytest.mark.parametrize(
    ("ahead", "staying", "deadline", "needed"),
    [
        (0, 0, None, None),
        (0, 0, 5.0, None),
        (0, 0, 4.9, 5.0),
        (1, 1, 15.0, None),
        (1, 1, 14.9, 15.0),
        (1, 0, 10.0, None),
        (1, 0, 9.9, 15.0),
        (2, 1, 15.0, None),
        (2, 1, 14.9, 25.0),
        (0, 0, -1.0, 5.0),
    ],
)
async def test_refusal_says_what_would_have_been_needed(
    ahead: int, staying: int, deadline: float | None, needed: float | None
) -> None:
    """Beyond a window, those with deadlines may have left; within it nobody is hoped away."""
    limiter, started = limiter_of(RateLimit(1, per=10.0)), now()
    limiter._last.free_at = started + 5.0
    waiter = asyncio.get_running_loop().create_future()
    limiter._lanes.pages.add(waiter, deadline)
    until = None if deadline is None else started + deadline
    limiter._refuse_if_late(Place(waiter, INTERACTIVE, until, ahead, staying))
    assert waiter.done() == (needed is not None)
    if needed is not None and deadline is not None:
        error = waiter.result()
        assert isinstance(error, DeadlineExceededError)
        assert error.wait_needed == pytest.approx(needed)
        assert error.deadline == pytest.approx(max(0.0, deadline))
        assert len(limiter._lanes) == 0
        limiter._refuse_if_late(Place(waiter, INTERACTIVE, until, ahead, staying))


async def test_pause_of_ones_own_choice_is_as_long_as_the_shortest_window() -> None:
    """A 429 that names no time pauses for the shortest window at most, whichever limit stands first."""
    for limits in (
        (RateLimit(5, per=10.0), RateLimit(50, per=60.0)),
        (RateLimit(50, 60.0), RateLimit(5, 10.0)),
    ):
        limiter, started = SlidingWindowLimiter(limits), now()
        slot = limiter.slot()
        await slot.__aenter__()
        refusal = RateLimitError(429, "/", retry_after=None, pause=45.0)
        await slot.__aexit__(RateLimitError, refusal, None)
        assert refusal.pause is None
        async with limiter.slot():
            assert now() - started == pytest.approx(10.0)

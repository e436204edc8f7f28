"""What the service receives: in no window more than the limit, however requests travel."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    Priority,
    RateLimit,
    RateLimitError,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
    UsageError,
)
from meltingspot_async.rate_limit._protocol import GIVEN_UP_MARGIN

from ..support.clock import now, run_virtual
from ..support.limiters import Kind, most_in_a_window, use
from ..support.plans import Plan, carry_out

ENDS = (
    None,
    ServerError(500, "/"),
    RateLimitError(429, "/", pause=3.0),
    TransportError("reset", "/"),
    RuntimeError("bug"),
)
plans = st.builds(
    Plan,
    process=st.integers(0, 1),
    start=st.floats(0, 40),
    out=st.floats(0, GIVEN_UP_MARGIN),
    back=st.floats(0, 8),
    priority=st.sampled_from(Priority),
    cancelled_at=st.none() | st.floats(0, 60),
    patience=st.none() | st.floats(0, 60),
    ends=st.sampled_from((None, None, *ENDS, TransportError("refused", "/", sent=False))),
)
limits = st.lists(
    st.builds(RateLimit, st.integers(1, 6), per=st.sampled_from([1.0, 2.5, 10.0, 60.0])),
    min_size=1,
    max_size=3,
)


@given(limits=limits, planned=st.lists(plans, max_size=40), reserve=st.sampled_from([0.0, 0.05, 0.4]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_window_at_the_service_holds_more_than_the_limit(
    kind: Kind, limits: list[RateLimit], planned: list[Plan], reserve: float
) -> None:
    """However requests travel, fail or are cancelled, no window at the service holds more than N; all end."""

    async def main() -> None:
        async with kind.pair(*limits, reserve=reserve) as limiters:
            async with asyncio.timeout(100_000):  # virtual seconds: only a stuck queue takes that many
                arrived = await carry_out(planned, limiters)

            await asyncio.sleep(GIVEN_UP_MARGIN)
            for limit in limits:
                assert most_in_a_window(arrived, limit.per) <= limit.requests

            await asyncio.sleep(GIVEN_UP_MARGIN + 60.0 * (1 + max(limit.requests for limit in limits)))
            rested, fewest = now(), min(limit.requests for limit in limits)
            assert await asyncio.gather(*(use(limiters[0]) for _ in range(fewest))) == [rested] * fewest

    run_virtual(main())


async def test_late_and_early_arrivals_do_not_meet_in_one_window() -> None:
    """A burst that arrives late is not followed by a burst that arrives early within the same window."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
    arrived: list[float] = []

    async def request(travel: float) -> None:
        async with limiter.slot():
            await asyncio.sleep(travel)
            arrived.append(now())

    await asyncio.gather(*(request(9.9 if n < 100 else 0.01) for n in range(300)))
    assert most_in_a_window(arrived, 10.0) == 100


async def test_slots_are_free_each_in_its_own_time() -> None:
    """A slot that is held longer does not hold back one that was taken after it."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()
    with pytest.raises(TransportError):
        async with limiter.slot():
            raise TransportError("reset", "/")
    await use(limiter, seconds=1.0)
    assert [await use(limiter), await use(limiter)] == [started + 11.0, started + 20.0]


@pytest.mark.parametrize("requests", [0, -1, 1.5, True, "100", None])
def test_limit_that_is_not_a_whole_number_is_refused(requests: int) -> None:
    """RateLimit takes whole numbers of requests from 1 up."""
    with pytest.raises(UsageError, match="requests"):
        RateLimit(requests, per=10.0)


@pytest.mark.parametrize("per", [0, -1.0, math.nan, math.inf, True, "10"])
def test_window_without_a_finite_length_is_refused(per: float) -> None:
    """RateLimit takes finite windows longer than 0 s."""
    with pytest.raises(UsageError, match="per"):
        RateLimit(1, per=per)

"""What the service receives from all processes: in no window more than the limit."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    TransportError,
)
from meltingspot_async.rate_limit._window import DAY
from meltingspot_async.redis_limit import _limiter as redis_limit

from ..support.limiters import (
    BULK,
    SHORT_MARGIN,
    hold_at_once,
    most_in_a_window,
    redis_limiting,
    run_real,
    use,
)
from ..support.plans import Plan, carry_out
from ..support.redis_server import RedisServer

ENDS = (None, None, ServerError(500, "/"), RateLimitError(429, "/", pause=0.1), TransportError("reset", "/"))
plans = st.builds(
    Plan,
    process=st.integers(0, 2),
    start=st.floats(0, 0.3),
    out=st.floats(0, SHORT_MARGIN / 3),
    back=st.floats(0, 0.1),
    priority=st.sampled_from(Priority),
    cancelled_at=st.none() | st.floats(0, 0.6),
    patience=st.none() | st.floats(0, 0.6),
    ends=st.sampled_from((*ENDS, TransportError("refused", "/", sent=False))),
)
limits = st.lists(
    st.builds(RateLimit, st.integers(2, 5), per=st.sampled_from([0.1, 0.2, 0.3])), min_size=1, max_size=2
)


@given(limits=limits, planned=st.lists(plans, min_size=5, max_size=20))
@settings(max_examples=6, phases=[Phase.generate])  # in real time, shrinking takes too long
def test_no_window_holds_more_than_the_limit_of_all_processes(
    server: RedisServer, limits: list[RateLimit], planned: list[Plan]
) -> None:
    """However requests of three processes travel, fail or are cancelled, no window holds more than N; all end."""

    async def main() -> None:
        key = uuid.uuid4().hex
        async with (
            redis_limiting(server, key, *limits) as first,
            redis_limiting(server, key, *limits) as second,
            redis_limiting(server, key, *limits) as third,
        ):
            arrived = await carry_out(planned, [first, second, third])
            await asyncio.sleep(SHORT_MARGIN)
            for limit in limits:
                assert most_in_a_window(arrived, limit.per) <= limit.requests
            await hold_at_once(first, min(limit.requests for limit in limits))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis_limit, "GIVEN_UP_MARGIN", SHORT_MARGIN)
        run_real(main())


def test_used_up_day_outlives_the_processes_that_used_it(server: RedisServer, key: str) -> None:
    """The allowance is counted over processes, also over those that ended, and a used-up day refuses at once."""

    async def main() -> None:
        day = RateLimit(3, per=DAY), RateLimit(100, per=0.1)
        async with redis_limiting(server, key, *day) as first, redis_limiting(server, key, *day) as second:
            await use(first)
            await use(second)
            await use(second)
        async with redis_limiting(server, key, *day) as restarted:
            with pytest.raises(QuotaExhaustedError) as refused:
                await use(restarted)
            assert DAY - 60 < refused.value.resets_in <= DAY * 1.002
            await asyncio.sleep(0.2)
            with pytest.raises(QuotaExhaustedError):
                await use(restarted, BULK)

    run_real(main())

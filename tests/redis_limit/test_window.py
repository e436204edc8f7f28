"""What the service receives from all processes: in no window more than the limit."""

from __future__ import annotations

import asyncio
import uuid

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    DeadlineExceededError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    TransportError,
)
from meltingspot_async.rate_limit._window import DAY
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit import _limiter as redis_limit

from ..support.limiters import (
    BULK,
    SHORT_MARGIN,
    hold_at_once,
    most_in_a_window,
    now,
    redis_limiting,
    run_real,
    use,
)
from ..support.redis_server import RedisServer


@attrs.frozen
class Plan:
    """What becomes of one request; all times in seconds."""

    process: int
    start: float
    out: float
    back: float
    priority: Priority
    cancelled_at: float | None
    patience: float | None
    ends: Exception | None


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
    arrived: list[float] = []

    async def request(limiter: RedisSlidingWindowLimiter, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(plan.start)
        deadline = None if plan.patience is None else loop.time() + plan.patience
        async with limiter.slot(plan.priority, deadline):
            if not (isinstance(plan.ends, TransportError) and not plan.ends.sent):
                loop.call_later(plan.out, lambda: arrived.append(now()))
            await asyncio.sleep(plan.out + plan.back)
            if plan.ends is not None:
                raise plan.ends

    async def main() -> None:
        loop, key = asyncio.get_running_loop(), uuid.uuid4().hex
        async with (
            redis_limiting(server, key, *limits) as first,
            redis_limiting(server, key, *limits) as second,
            redis_limiting(server, key, *limits) as third,
        ):
            limiters = first, second, third
            tasks = [asyncio.create_task(request(limiters[plan.process], plan)) for plan in planned]
            for task, plan in zip(tasks, planned, strict=True):
                if plan.cancelled_at is not None:
                    loop.call_later(plan.cancelled_at, task.cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for outcome, plan in zip(outcomes, planned, strict=True):
                fits = outcome is plan.ends
                fits |= plan.cancelled_at is not None and isinstance(outcome, asyncio.CancelledError)
                fits |= plan.patience is not None and isinstance(outcome, DeadlineExceededError)
                assert fits
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

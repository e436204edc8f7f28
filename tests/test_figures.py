"""The figures that the documentation promises, written out: whoever changes one changes a promise."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from meltingspot_async import (
    DOCUMENTED_LIMITS,
    Freshness,
    MeltingSpotClient,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    RetryPolicy,
    SlidingWindowLimiter,
)
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter

from .support.clock import now
from .support.limiters import BULK, use


def test_limits_are_those_of_the_service() -> None:
    """A key may send 100 requests in 10 seconds, and 50,000 in a day."""
    assert [(limit.requests, limit.per) for limit in DOCUMENTED_LIMITS] == [(100, 10), (50_000, 24 * 3_600)]


def test_retry_policy_is_the_documented_one() -> None:
    """Five attempts, back-off from half a second to 30 s, waits of a minute, 300 s turned away, 100 retries."""
    assert attrs.asdict(RetryPolicy()) == {
        "attempts": 5,
        "backoff_base": 0.5,
        "backoff_max": 30,
        "max_retry_after": 60,
        "max_throttled": 300,
        "budget": 100,
    }


def test_freshness_is_the_documented_one() -> None:
    """Half a minute without a request, ten minutes of failures, 10,000 answers."""
    assert attrs.asdict(Freshness()) == {"max_age": 30, "stale_if_error": 600, "entries": 10_000}


async def test_calls_are_made_as_documented() -> None:
    """An attempt has 30 seconds, a call no deadline, a list asks for 100 items at once, and alike calls are one."""
    async with MeltingSpotClient("secret-key") as client:
        options = client.session_manager.options
    assert (options.timeout, options.deadline, options.page_size, options.coalesce) == (30, None, 100, True)


@pytest.mark.parametrize(
    ("limiter", "figures"),
    [
        (SlidingWindowLimiter, {"patience": 60, "reserve": 0.05}),
        (RedisSlidingWindowLimiter, {"patience": 60, "reserve": 0.05, "lease": 30}),
        (RedisSlidingWindowLimiter.from_url, {"patience": 60, "reserve": 0.05, "lease": 30}),
        (SqliteSlidingWindowLimiter, {"patience": 60, "reserve": 0.05, "lease": 30}),
    ],
)
def test_limiters_agree_in_what_they_do_unasked(
    limiter: Callable[..., object], figures: dict[str, float]
) -> None:
    """A minute of patience, a reserve of 5 % and a lease of 30 s, whichever limiter it is."""
    parameters: dict[str, Any] = dict(inspect.signature(limiter).parameters)
    assert {name: parameters[name].default for name in figures} == figures


@pytest.mark.parametrize("pause", [60.0, 60.5])
async def test_callers_wait_a_minute_for_a_paused_key(pause: float) -> None:
    """A pause of 60 seconds is waited for, and a longer one refuses all who would wait."""
    limiter, started = SlidingWindowLimiter([RateLimit(100, per=10.0)]), now()
    with pytest.raises(RateLimitError):
        async with limiter.slot():
            raise RateLimitError(429, "/", retry_after=pause, pause=pause)
    if pause <= 60:
        assert await use(limiter) - started == pause
    else:
        with pytest.raises(QuotaExhaustedError):
            await use(limiter)


async def test_batch_leaves_a_twentieth_of_the_limit_free() -> None:
    """Of 100 slots, bulk requests leave five to pages."""
    limiter, limit = SlidingWindowLimiter([RateLimit(100, per=7_200.0)]), RateLimit(100, per=7_200.0)
    for _ in range(95):
        await use(limiter, BULK)
    assert limiter.free() == {limit: 5}
    started = now()
    assert await use(limiter, BULK) > started

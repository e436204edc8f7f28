"""The numbers by which limits are kept: all programs that share a limit have to agree on them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from meltingspot_async import DOCUMENTED_LIMITS, RateLimit, SlidingWindowLimiter, UsageError
from meltingspot_async.rate_limit._rules import rules_of
from meltingspot_async.rate_limit._shared import shared_rules, strictest
from meltingspot_async.rate_limit._state import Rules
from meltingspot_async.rate_limit._window import NEVER, Rule
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter


def test_documented_limits_are_those_of_the_service() -> None:
    """A key allows 100 requests in 10 seconds and 50,000 in a day."""
    assert [(limit.requests, limit.per) for limit in DOCUMENTED_LIMITS] == [(100, 10.0), (50_000, 86_400.0)]


def test_rules_of_one_process_are_in_exact_seconds() -> None:
    """In one process time is exact, nobody has to renew a lease, and a request travels ten seconds at most."""
    assert rules_of(DOCUMENTED_LIMITS, reserve=0.05) == Rules(
        (
            Rule(100, 10.0, is_allowance=False, is_paced=True, step=0.0),
            Rule(50_000, 86_400.0, is_allowance=True, is_paced=False, step=0.0),
        ),
        share=50_000,
        lease=NEVER,
        renewal=NEVER,
        margin=10.0,
        grace=1.0,
        outlook=10.0,
        max_passed_over=50,
    )


def test_rules_of_many_processes_are_in_whole_microseconds() -> None:
    """A shared store counts microseconds, and a thousand steps to a window."""
    assert shared_rules(DOCUMENTED_LIMITS, reserve=0.05, lease=30.0) == Rules(
        (
            Rule(100, 10_000_000, is_allowance=False, is_paced=True, step=10_000),
            Rule(50_000, 86_400_000_000, is_allowance=True, is_paced=False, step=86_400_000),
        ),
        share=50_000,
        lease=30_000_000,
        renewal=10_000_000,
        margin=10_000_000,
        grace=1_000_000,
        outlook=10_000_000,
        max_passed_over=50,
    )


def test_times_in_a_store_are_never_nothing() -> None:
    """A window shorter than the store's unit lasts one of them."""
    (rule,) = shared_rules([RateLimit(1, per=1e-9)], reserve=0.0, lease=15.0).limits
    assert (rule.per, rule.step) == (1, 1)


@pytest.mark.parametrize(
    ("per", "kinds"),
    [
        (3_599.9, (False, True)),
        (3_600.0, (False, False)),
        (86_399.9, (False, False)),
        (86_400.0, (True, False)),
    ],
)
def test_length_of_a_window_decides_how_it_is_kept(per: float, kinds: tuple[bool, bool]) -> None:
    """A day is an allowance that nobody waits for; below an hour batches take their slots at a pace."""
    (rule,) = rules_of([RateLimit(1, per)], reserve=0.05).limits
    assert (rule.is_allowance, rule.is_paced) == kinds


@pytest.mark.parametrize(("reserve", "is_taken"), [(0, True), (0.999, True), (1, False), (-0.001, False)])
def test_reserve_is_a_share(reserve: float, is_taken: bool) -> None:
    """A reserve of nothing is one, and a reserve of everything is not."""
    if is_taken:
        assert rules_of(DOCUMENTED_LIMITS, reserve=reserve).share == round(reserve * 1e6)
    else:
        with pytest.raises(UsageError, match="reserve"):
            rules_of(DOCUMENTED_LIMITS, reserve=reserve)


def test_lease_lasts_longer_than_a_request_travels() -> None:
    """A lease of 15 seconds is the shortest."""
    assert shared_rules(DOCUMENTED_LIMITS, reserve=0.0, lease=15.0).lease == 15_000_000
    with pytest.raises(UsageError, match="lease"):
        shared_rules(DOCUMENTED_LIMITS, reserve=0.0, lease=14.999)


def test_strictest_of_limits_with_one_window_counts() -> None:
    """Of several limits for the same window, the one with the fewest requests is kept, in whatever order."""
    few, many, other = RateLimit(3, per=10.0), RateLimit(9, per=10.0), RateLimit(5, per=60.0)
    assert strictest([many, other, few]) == strictest([few, other, many]) == [few, other]


@pytest.mark.parametrize(
    "make",
    [
        SlidingWindowLimiter,
        SqliteSlidingWindowLimiter,
        RedisSlidingWindowLimiter,
        RedisSlidingWindowLimiter.from_url,
    ],
)
def test_limiters_have_the_same_defaults(make: Callable[..., Any]) -> None:
    """Whichever limiter it is, patience lasts a minute, batches leave a twentieth, and a lease half a minute."""
    documented = {"patience": 60.0, "reserve": 0.05, "lease": 30.0}
    given = inspect.signature(make).parameters
    assert {name: given[name].default for name in documented if name in given} == {
        name: value for name, value in documented.items() if name in given
    }

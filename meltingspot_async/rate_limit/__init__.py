"""The rate limit of a key: what a limiter is, and the one that one process keeps by itself."""

from ._sliding_window import (
    DAY,
    GIVEN_UP_MARGIN,
    MOST_PASSED_OVER,
    Ending,
    Priority,
    Queue,
    RateLimit,
    RateLimiter,
    SlidingWindowLimiter,
    Waiter,
)
from ._window import DOCUMENTED_LIMITS

__all__ = [
    "DAY",
    "DOCUMENTED_LIMITS",
    "GIVEN_UP_MARGIN",
    "MOST_PASSED_OVER",
    "Ending",
    "Priority",
    "Queue",
    "RateLimit",
    "RateLimiter",
    "SlidingWindowLimiter",
    "Waiter",
]

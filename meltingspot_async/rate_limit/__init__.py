"""The rate limit of a key: what a limiter is, and the one that one process keeps by itself."""

from ._limits import DOCUMENTED_LIMITS, RateLimit
from ._protocol import Priority, RateLimiter
from ._sliding_window import SlidingWindowLimiter

__all__ = ["DOCUMENTED_LIMITS", "Priority", "RateLimit", "RateLimiter", "SlidingWindowLimiter"]

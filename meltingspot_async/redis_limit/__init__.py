"""One limit for many processes and machines, kept in Redis (extra ``redis``)."""

from ._limiter import RedisSlidingWindowLimiter

__all__ = ["RedisSlidingWindowLimiter"]

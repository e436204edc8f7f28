"""One limit for many processes of one machine, kept in a file: no server, and nothing to install."""

from ._limiter import SqliteSlidingWindowLimiter

__all__ = ["SqliteSlidingWindowLimiter"]

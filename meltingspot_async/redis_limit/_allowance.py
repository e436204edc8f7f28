"""Which limits an allowance has, and under which keys Redis holds it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import UsageError
from ..rate_limit import RateLimit

_NAME = re.compile(r"[^{}\s]+")


def strictest(limits: Iterable[RateLimit]) -> list[RateLimit]:
    """One limit for each length of window: the one with the fewest requests.

    :raises UsageError: there is no limit.
    """
    requests: dict[float, int] = {}
    for limit in limits:
        requests[limit.per] = min(limit.requests, requests.get(limit.per, limit.requests))
    if not requests:
        raise UsageError("RedisSlidingWindowLimiter needs at least one RateLimit.")
    return [RateLimit(fewest, per) for per, fewest in requests.items()]


def redis_keys(name: str, limits: Iterable[RateLimit]) -> list[str]:
    """The Redis keys of the allowance of this name, all in one hash slot: its state, and the used slots of each limit.

    :raises UsageError: the name is not a text, is empty, or holds braces or white space.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError("key must be a name without braces and white space.")
    parts = ["state", *(f"cooling:{float(limit.per)}" for limit in limits)]
    return [f"meltingspot:{{{name}}}:{part}" for part in parts]

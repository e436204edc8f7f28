"""How much of the allowance a burst uses, and how often it is refused, beside other limiters.

The service counts a sliding window when requests arrive, and every caller that is refused waits and asks again, longer
each time. In real time: not every limiter goes by the clock of the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs

from meltingspot_async import RateLimit, RateLimiter
from tests.support.service import Service

from .measure import Row, row
from .other_limiters import OF_ALL

LIMIT = RateLimit(20, per=1.0)


@attrs.frozen
class Used:
    """What a burst took."""

    share: float
    """Its time, first to last arrival, relative to the least that the limit allows."""
    refused: int


async def burst(make: Callable[[RateLimit], RateLimiter], count: int) -> Used:
    """So many calls, all asked for at once."""
    service, limiter = Service(LIMIT), make(LIMIT)
    await asyncio.gather(*(service.ask(limiter) for _ in range(count)))
    least = (count / LIMIT.requests - 1) * LIMIT.per
    return Used((service.received[-1] - service.received[0]) / least, len(service.refused))


def rows(quick: bool) -> list[Row]:
    """Time and refusals of the same burst with each limiter."""
    count = 60 if quick else 200
    used = {name: asyncio.run(burst(make, count)) for name, make in OF_ALL.items()}
    ours = used.pop("ours")
    title = f"{count} requests, {LIMIT.requests} in {LIMIT.per:g} s allowed"
    times = [
        row(f"{title}: time", ours.share, name, other.share, "limit's own times")
        for name, other in used.items()
    ]
    refused = [
        row(f"{title}: refused", ours.refused, name, other.refused, "429s") for name, other in used.items()
    ]
    return times + refused

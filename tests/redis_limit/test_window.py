"""What is counted over all processes, and over their lives."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import QuotaExhaustedError, RateLimit
from meltingspot_async.rate_limit._limits import DAY

from ..support.limiters import BULK, clocked, fill, use
from ..support.redis_server import RedisServer


async def test_used_up_day_outlives_the_processes_that_used_it(server: RedisServer, key: str) -> None:
    """The allowance is counted over processes, also over those that ended, and a used-up day refuses at once."""
    day = RateLimit(3, per=DAY), RateLimit(100, per=10.0)
    async with clocked(server, key, *day) as first, clocked(server, key, *day) as second:
        await use(first)
        await fill(second, 2)
    async with clocked(server, key, *day) as restarted:
        with pytest.raises(QuotaExhaustedError) as refused:
            await use(restarted)
        assert refused.value.retry_after == pytest.approx(DAY, rel=0.002)
        await asyncio.sleep(20.0)
        with pytest.raises(QuotaExhaustedError):
            await use(restarted, BULK)

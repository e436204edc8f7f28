"""What Redis sees: commands, keys, clocks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from meltingspot_async import (
    QuotaExhaustedError,
    RateLimit,
)
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit._store import RedisCommands

from ..support.clock import now
from ..support.limiters import BULK, redis_limiting, run_real, use
from ..support.redis_script import ClockedScript, loop_microseconds
from ..support.redis_server import RedisServer, ask


class _Stutters:
    """Sends its first command twice, as a client does that lost the answer."""

    def __init__(self, redis: RedisCommands) -> None:
        self._redis = redis
        self._first = True

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        answer: Any = await self._redis.execute_command(*args, **options)
        if self._first:
            self._first = False
            assert answer[0] == 1
            answer = await self._redis.execute_command(*args, **options)
            assert answer == []
        return answer


def test_command_sent_twice_takes_one_slot(server: RedisServer, key: str) -> None:
    """A step that Redis has done is not done again, and what its lost answer gave is free with the next."""

    async def main() -> None:
        limit = RateLimit(2, per=1_000.0)
        async with (
            redis_limiting(server, key, limit, wrap=_Stutters) as limiter,
            limiter.slot(),
            limiter.slot(),
        ):
            pass

    run_real(main())


async def test_clock_set_back_frees_no_slot_early_and_stops_nothing(server: RedisServer, key: str) -> None:
    """When Redis's clock is set back by 50 s, the limiter's own continues from where it was."""
    behind = 0.0
    with SyncRedis(unix_socket_path=server.socket) as redis:
        script = ClockedScript(redis, lambda: loop_microseconds() - behind)
        limiter = RedisSlidingWindowLimiter(script, [RateLimit(1, per=100.0)], key=key)
        started = now()
        await use(limiter)
        await asyncio.sleep(50.0)
        await limiter.free()
        behind = 50e6
        assert await use(limiter) - started == pytest.approx(100.0, abs=0.2)
        await limiter.aclose()


def test_evicted_state_is_counted_again(server: RedisServer, key: str) -> None:
    """The used slots are known without the running total, which may be evicted."""

    async def main() -> None:
        async with redis_limiting(server, key, RateLimit(1, per=DAY)) as limiter:
            await use(limiter)
            await limiter.aclose()
            await ask(server, "DEL", limiter._redis.keys[0])
            with pytest.raises(QuotaExhaustedError):
                await use(limiter)

    run_real(main())


def test_keys_share_one_hash_slot_and_expire(server: RedisServer, key: str) -> None:
    """Every key is in the hash slot of the name and expires by itself."""

    async def main() -> None:
        limits = RateLimit(3, per=0.5), RateLimit(9, per=DAY), RateLimit(5, per=0.5)
        async with redis_limiting(server, key, *limits) as limiter:
            await use(limiter)
            async with limiter.slot():
                names = [name.decode() for name in await ask(server, "KEYS", f"*{key}*")]
                ends = [await ask(server, "PTTL", name) for name in names]
        assert sorted(names) == [
            f"meltingspot:{{{key}}}:{name}" for name in ("cooling:500000", "cooling:86400000000", "state")
        ]
        assert all(0 < end <= (DAY + 200) * 1_000 for end in ends)

    run_real(main())


async def commands(server: RedisServer) -> int:
    """Scripts run so far."""
    async with Redis(unix_socket_path=server.socket) as redis:
        stats: dict[str, dict[str, int]] = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


def test_request_costs_two_commands_and_three_in_a_long_queue(own_server: RedisServer, key: str) -> None:
    """Without a queue at most two commands a request, in a queue of 500 at most three."""

    async def main() -> None:
        limits = RateLimit(200, per=0.5), RateLimit(50_000, per=DAY)
        async with redis_limiting(own_server, key, *limits) as limiter:
            for _ in range(100):
                await use(limiter, seconds=0.001)
            await limiter.aclose()
            assert await commands(own_server) <= 2 * 100 + 1  # and the script itself, once
            before = await commands(own_server)
            await asyncio.gather(*(use(limiter, BULK, n % 97 / 1_000) for n in range(500)))
            await limiter.aclose()
            assert await commands(own_server) - before <= 3 * 500

    run_real(main())

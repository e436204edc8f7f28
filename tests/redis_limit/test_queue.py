"""Who of several processes gets the next slot, and what cancelled requests give back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meltingspot_async import RateLimit
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit._store import RedisCommands

from ..support.clock import now
from ..support.limiters import clocked, queued, redis_limiting, run_real, until, use
from ..support.redis_server import RedisServer


async def test_processes_take_turns(server: RedisServer, key: str) -> None:
    """Of three processes with a queue each none is served twice before the others, once all of them wait."""
    limit, order = RateLimit(1, per=1.0), list[int]()

    async def one(limiter: RedisSlidingWindowLimiter, number: int) -> None:
        async with limiter.slot():
            order.append(number)

    async with (
        clocked(server, key, limit) as first,
        clocked(server, key, limit) as second,
        clocked(server, key, limit) as third,
    ):
        started = now()
        await asyncio.gather(
            *(one(limiter, n) for n, limiter in enumerate((first, second, third)) for _ in range(5))
        )
        assert now() - started == pytest.approx(14.0, abs=0.05)
    for number in range(4):
        assert sorted(order[number * 3 + 1 : number * 3 + 4]) == [0, 1, 2]


def test_waiter_cancelled_at_the_moment_of_its_turn_gives_the_slot_back(
    server: RedisServer, key: str
) -> None:
    """A waiter cancelled after its slot was handed to it, before it could run, leaves it to another process."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with redis_limiting(server, key, limit) as limiter, redis_limiting(server, key, limit) as other:
            task = asyncio.create_task(use(limiter))
            await until(lambda: limiter._held > 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await limiter.aclose()
            await use(other)

    run_real(main())


def test_slot_given_to_a_cancelled_waiter_is_free_at_once(server: RedisServer, key: str) -> None:
    """A waiter cancelled while Redis decides costs nothing: what it would have got is free for others."""

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with redis_limiting(server, key, limit) as limiter, redis_limiting(server, key, limit) as other:
            task = asyncio.create_task(use(limiter))
            await until(lambda: limiter._steps > 0)
            task.cancel()
            await asyncio.sleep(0)
            await limiter.aclose()
            await use(other)

    run_real(main())


class _Interrupts:
    """Cancels a task when an answer is there and nobody has seen it yet."""

    def __init__(self, redis: RedisCommands, victims: list[asyncio.Task[float]]) -> None:
        self._redis = redis
        self._victims = victims

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        answer: Any = await self._redis.execute_command(*args, **options)
        if self._victims:
            self._victims.pop().cancel()
        return answer


def test_slot_given_at_the_moment_of_a_cancellation_goes_to_the_next(server: RedisServer, key: str) -> None:
    """A waiter cancelled as the answer arrives is passed over: the next of its process gets the slot."""
    victims: list[asyncio.Task[float]] = []

    async def main() -> None:
        limit = RateLimit(1, per=1_000.0)
        async with redis_limiting(
            server, key, limit, wrap=lambda redis: _Interrupts(redis, victims)
        ) as limiter:
            victims.append(asyncio.create_task(use(limiter)))
            first, second = victims[0], asyncio.create_task(use(limiter))
            await second
            assert first.cancelled()

    run_real(main())


async def test_waiters_sleep_until_their_step_is_due(server: RedisServer, key: str) -> None:
    """Who waits for a slot asks Redis when it may be free, and every ten seconds to see if something has changed."""
    async with clocked(server, key, RateLimit(1, per=1_000.0)) as limiter:
        await use(limiter)
        waiting = [asyncio.create_task(use(limiter)) for _ in range(50)]
        await queued()
        steps = limiter._steps
        await asyncio.sleep(105.0)
        assert limiter._steps == steps + 10
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

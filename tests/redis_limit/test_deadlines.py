"""Deadlines of requests that wait for a slot of several processes."""

from __future__ import annotations

import asyncio
import signal

import pytest

from meltingspot_async import DeadlineExceededError, Priority, RateLimit

from ..support.clock import now
from ..support.limiters import BULK, clocked, queued, redis_limiting, run_real, use
from ..support.redis_server import RedisServer


async def test_deadline_is_refused_by_the_place_in_the_queue(server: RedisServer, key: str) -> None:
    """A request that cannot get a slot by its deadline is refused at once, by its place in the queue too."""
    async with clocked(server, key, RateLimit(1, per=100.0)) as limiter:
        await use(limiter)
        with pytest.raises(DeadlineExceededError) as refused:
            async with limiter.slot(deadline=now() + 90.0):
                pytest.fail("the slot comes after 100 s")
        assert refused.value.wait_needed == pytest.approx(100.0, abs=0.2)
        queue = [asyncio.create_task(use(limiter, BULK)) for _ in range(2)]
        await queued()
        started = now()
        for priority, seconds in ((Priority.BULK, 250.0), (Priority.INTERACTIVE, 90.0)):
            with pytest.raises(DeadlineExceededError) as refused:
                await limiter.slot(priority, now() + seconds).__aenter__()
            assert (refused.value.wait_needed or 0.0) > seconds
        assert now() == started
        for task in queue:
            task.cancel()
        await asyncio.gather(*queue, return_exceptions=True)


def test_deadline_counts_while_redis_hangs(own_server: RedisServer, key: str) -> None:
    """A request with less time than Redis has for a step fails at its deadline."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with redis_limiting(own_server, key, RateLimit(1, per=0.1)) as limiter:
            own_server.send(signal.SIGSTOP)
            started = loop.time()
            with pytest.raises(DeadlineExceededError) as refused:
                async with limiter.slot(deadline=started + 0.2):
                    pytest.fail("Redis gave nothing")
            assert refused.value.wait_needed == 0.0
            assert loop.time() - started >= 0.2
            own_server.send(signal.SIGCONT)
            await use(limiter)

    run_real(main())


def test_cancellation_in_the_same_turn_as_a_deadline_stays_a_cancellation(
    own_server: RedisServer, key: str
) -> None:
    """A task that is cancelled at the very moment of its deadline, while Redis hangs, ends cancelled."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with redis_limiting(own_server, key, RateLimit(1, per=0.1)) as limiter:
            own_server.send(signal.SIGSTOP)
            deadline = loop.time() + 0.2

            async def wait() -> None:
                async with limiter.slot(deadline=deadline):
                    pytest.fail("Redis gave nothing")

            waiting = asyncio.create_task(wait())
            loop.call_at(deadline, waiting.cancel)
            await asyncio.wait([waiting])
            assert waiting.cancelled()
            own_server.send(signal.SIGCONT)
            await use(limiter)

    run_real(main())

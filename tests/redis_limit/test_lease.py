"""What becomes of the slots of a process that died, and of a Redis that forgot them."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from redis.asyncio import Redis

from meltingspot_async import (
    Priority,
    RateLimit,
)
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit import _limiter as redis_limit

from ..support.clock import now
from ..support.limiters import SHORT_MARGIN, hold_at_once, redis_limiting, run_real, use
from ..support.redis_server import RedisServer

HOLDER = """
import asyncio, sys
from redis.asyncio import Redis
from meltingspot_async import RateLimit
from meltingspot_async.redis_limit import _limiter as redis_limit

redis_limit.GIVEN_UP_MARGIN = {margin}

async def main():
    limiter = redis_limit.RedisSlidingWindowLimiter(
        Redis(unix_socket_path={socket!r}), [RateLimit(3, per=0.2)], key={key!r}, lease=1.0
    )
    async with limiter.slot(), limiter.slot(), limiter.slot():
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.usefixtures("short_margin")
def test_killed_process_frees_its_slots_with_its_lease(server: RedisServer, key: str) -> None:
    """Slots of a process that is alive stay its own beyond any lease; killed, it frees them with the lease."""
    script = HOLDER.format(margin=SHORT_MARGIN, socket=server.socket, key=key)
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)

    async def main() -> None:
        async with redis_limiting(server, key, RateLimit(3, per=0.2), lease=1.0) as limiter:
            waiting = asyncio.create_task(hold_at_once(limiter, 3))
            await asyncio.sleep(1.5)
            assert limiter._held == 0
            holder.kill()
            await waiting

    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        run_real(main())
    finally:
        holder.kill()
        holder.communicate()


def test_dead_process_does_not_keep_its_place_in_the_queue(
    server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of a process that died in the queue do not keep a batch of another from its slots."""
    monkeypatch.setattr(redis_limit, "GRACE", 0.1)

    async def main() -> None:
        limit = RateLimit(2, per=0.1)
        async with redis_limiting(server, key, limit) as alive:
            async with Redis(unix_socket_path=server.socket) as redis:
                dead = RedisSlidingWindowLimiter(redis, [limit], key=key)
                async with alive.slot(), alive.slot():
                    assert await dead._script._evaluate(1, 0, 5, 5, 0, 0, 0.0) == [0, 0, 100_000, 0]
            await asyncio.gather(*(use(alive, priority) for _ in range(2) for priority in Priority))

    run_real(main())


@pytest.mark.usefixtures("short_margin")
def test_slots_in_flight_are_stated_to_a_redis_restarted_empty(own_server: RedisServer, key: str) -> None:
    """Processes state again what they hold to a Redis that forgot everything, and the queue keeps waiting."""

    async def main() -> None:
        limit = RateLimit(1, per=0.2)
        async with (
            redis_limiting(own_server, key, limit, lease=1.5) as holder,
            redis_limiting(own_server, key, limit, lease=1.5) as other,
        ):
            async with holder.slot():
                own_server.kill()
                own_server.start()
                await asyncio.sleep(1.0)
                waiting = asyncio.create_task(use(other))
                await asyncio.sleep(1.0)
                answered = now()
            assert await waiting - answered >= 0.199

    run_real(main())

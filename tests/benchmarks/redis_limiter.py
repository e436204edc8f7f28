"""The limit in Redis: ``python -m tests.benchmarks.redis_limiter``. Figures to be read; they pass or fail nothing."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack

from redis.asyncio import Redis

from meltingspot_async import MeltingSpotClient, RateLimit
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot
from tests.support.redis_server import RedisServer, redis_server

from .killed_process import share_of_a_killed_process
from .measure import compare, show

PROCESSES, REQUESTS = 4, 800
LIMIT = RateLimit(100, per=1.0)
COLD, WARM = 0.3, 0.01
LEASE = 18.0
HELD = 50
CROWD, EACH = 200, 10


async def started(role: str, *arguments: str) -> Process:
    """A process of this file, once it says that it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, role, *arguments, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def work(socket: str, base_url: str) -> None:
    """One of the processes: its part of the requests, all at once."""
    async with Redis(unix_socket_path=socket) as redis:
        limiter = RedisSlidingWindowLimiter(redis, [LIMIT, RateLimit(50_000, per=DAY)], key="work")
        async with MeltingSpotClient(FakeMeltingSpot.api_key, base_url=base_url, limiter=limiter) as client:
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            one = client.with_options(coalesce=False).course_participants
            await asyncio.gather(*(one.get("c", "participant-0") for _ in range(REQUESTS // PROCESSES)))
        await limiter.aclose()


async def hold(socket: str) -> None:
    """A process that holds slots until it is killed."""
    async with Redis(unix_socket_path=socket) as redis:
        limiter = RedisSlidingWindowLimiter(redis, [LIMIT], key="hold", lease=LEASE)
        slots = [limiter.slot() for _ in range(HELD)]
        await asyncio.gather(*(slot.__aenter__() for slot in slots))
        print("ready", flush=True)
        await asyncio.sleep(3_600)


async def many_processes(server: RedisServer) -> None:
    """What the service receives from four processes that all have more to send than they may."""
    async with FakeMeltingSpot(limits=[LIMIT], cold=COLD, warm=WARM) as fake:
        fake.seed("c", 1)
        processes = await asyncio.gather(
            *(started("work", server.socket, fake.base_url) for _ in range(PROCESSES))
        )
        await asyncio.gather(*(process.communicate(b"\n") for process in processes))
        took = fake.received[-1].at - fake.received[0].at
        async with Redis(unix_socket_path=server.socket) as redis:
            commands = await asked(redis)
    show(f"{PROCESSES} processes: the most received in a window of {LIMIT.requests}", fake.most_received(1.0))
    show("answers 429", sum(request.refused for request in fake.received))
    show(
        f"first to last of {REQUESTS} arrivals / the limit's own time", took / (REQUESTS / LIMIT.requests - 1)
    )
    show("Redis commands / request", commands / REQUESTS)


async def commands_of_a_crowd(server: RedisServer, crowd: int) -> float:
    """What Redis is asked for each slot by so many limiters with clients of their own, as of processes."""
    async with AsyncExitStack() as stack:
        limiters: list[RedisSlidingWindowLimiter] = []
        for _ in range(crowd):
            redis = await stack.enter_async_context(Redis(unix_socket_path=server.socket))
            limits = [RateLimit(200, per=1.0), RateLimit(50_000, per=DAY)]
            limiters.append(RedisSlidingWindowLimiter(redis, limits, key="crowd"))
        each = max(EACH, CROWD // crowd)

        async def use(limiter: RedisSlidingWindowLimiter) -> None:
            async with limiter.slot():
                await asyncio.sleep(WARM)

        async with Redis(unix_socket_path=server.socket) as redis:
            before = await asked(redis)
            await asyncio.gather(*(use(limiter) for limiter in limiters for _ in range(each)))
            after = await asked(redis)
        await asyncio.gather(*(limiter.aclose() for limiter in limiters))
    return (after - before) / (crowd * each)


async def asked(redis: Redis) -> int:
    """How often Redis has run the limiter's script."""
    stats: dict[str, dict[str, int]] = await redis.info("commandstats")
    return stats.get("cmdstat_evalsha", {}).get("calls", 0)


async def killed(server: RedisServer) -> None:
    """How long the slots of a killed process are missing."""
    holder = await started("hold", server.socket)
    holder.kill()
    begun = time.perf_counter()
    async with Redis(unix_socket_path=server.socket) as redis:
        limiter = RedisSlidingWindowLimiter(redis, [LIMIT], key="hold", lease=LEASE)
        await share_of_a_killed_process(limiter, LIMIT.requests, LEASE, begun)
        await limiter.aclose()
    await holder.wait()


async def slot_against_round_trip(server: RedisServer) -> None:
    """A slot without a queue against the least Redis can be asked."""
    async with Redis(unix_socket_path=server.socket) as redis:
        wide = [RateLimit(10**9, per=10.0), RateLimit(10**9, per=DAY)]
        limiter = RedisSlidingWindowLimiter(redis, wide, key="wide")
        script = await redis.script_load("return 1")

        async def ours() -> None:
            for _ in range(500):
                async with limiter.slot():
                    pass
            await limiter.aclose()

        async def apart() -> None:
            for _ in range(500):
                async with limiter.slot():
                    pass
                await limiter.aclose()

        async def ping() -> None:
            for _ in range(500):
                await redis.ping()

        async def least() -> None:
            for _ in range(500):
                await redis.evalsha(script, 1, "key")

        await compare("a free slot, one after the other / PING", ours, ping)
        await compare("a free slot, one after the other / the least EVALSHA", ours, least)
        await compare("a free slot, taken and told apart (two commands) / PING", apart, ping)


async def main() -> None:
    with redis_server() as server:
        await slot_against_round_trip(server)
    with redis_server() as server:
        await many_processes(server)
        show(f"{CROWD} processes: Redis commands / slot", await commands_of_a_crowd(server, CROWD))
        await killed(server)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["work", socket, base_url]:
            asyncio.run(work(socket, base_url))
        case ["hold", socket]:
            asyncio.run(hold(socket))
        case _:
            asyncio.run(main())

"""What a slot costs: free, in queues of any length, and with many processes on one Redis."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time

from meltingspot_async import Priority, RateLimit, SlidingWindowLimiter
from meltingspot_async.rate_limit._limits import DAY
from tests.support.clock import VirtualLoop
from tests.support.redis_server import redis_server

from .measure import WIDE, Row, in_turn, row, rows_beside
from .redis_limiter import commands_of_a_crowd

FREE = 20_000


async def free_slots(rounds: int) -> list[Row]:
    """Taking and giving back a slot that nobody else wants."""
    limiter, semaphore = SlidingWindowLimiter(WIDE), asyncio.Semaphore(100)

    async def ours() -> None:
        for _ in range(FREE):
            async with limiter.slot():
                pass

    async def theirs() -> None:
        for _ in range(FREE):
            async with semaphore:
                pass

    took = await in_turn({"ours": ours, "asyncio.Semaphore": theirs}, rounds)
    return rows_beside("A free slot", took, FREE)


def microseconds_of_a_slot(waiting: int) -> float:
    """Processor time of each slot while so many wait, and the clock is virtual."""

    async def main() -> float:
        limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(50_000, per=DAY)])

        async def use() -> None:
            async with limiter.slot(Priority.BULK):
                pass

        started = time.process_time()
        await asyncio.gather(*(use() for _ in range(waiting)))
        return (time.process_time() - started) / waiting * 1e6

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def queues(rounds: int) -> list[Row]:
    """Longer queues beside one of 100."""
    lengths = (100, 1_000, 10_000)
    costs = {n: [microseconds_of_a_slot(n) for _ in range(rounds)] for n in lengths}
    short = statistics.median(costs[100])
    return [
        row(f"A slot with {n:,} waiting", statistics.median(costs[n]), "with 100 waiting", short, "µs")
        for n in lengths[1:]
    ]


def one_redis(crowds: tuple[int, ...]) -> list[Row]:
    """What Redis is asked for a slot by so many processes that all have a queue."""
    found: list[Row] = []
    for crowd in crowds:
        with redis_server() as server:
            commands = asyncio.run(commands_of_a_crowd(server, crowd))
        title = f"A slot of {crowd} process{'es' if crowd > 1 else ''} on one Redis"
        found.append(row(title, commands, "a command for each slot", 1.0, "commands"))
    return found


def rows(quick: bool) -> list[Row]:
    """Slots of one process, and of many where there is a redis-server."""
    rounds = 3 if quick else 9
    found = asyncio.run(free_slots(rounds)) + queues(rounds)
    if shutil.which("redis-server"):
        found += one_redis((1, 10) if quick else (1, 10, 50, 200))
    return found

"""Processes that use the limit in a file: ``python -m tests.support.limit_process ROLE PATH``."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter

SHORT, LONG = RateLimit(10, per=0.1), RateLimit(1_000, per=DAY)
HELD, REQUESTS = 6, 20


def limiter_in(path: Path) -> SqliteSlidingWindowLimiter:
    return SqliteSlidingWindowLimiter(path, [SHORT, LONG], key="k")


async def use_and_print(path: Path, requests: int) -> None:
    """Use slots, as fast as they come, and print when each was taken."""
    limiter = limiter_in(path)

    async def one() -> None:
        async with limiter.slot():
            print(time.monotonic(), flush=True)  # noqa: T201

    await asyncio.gather(*(one() for _ in range(requests)))
    await limiter.aclose()


async def hold(path: Path) -> None:
    """Hold slots until somebody kills the process."""
    limiter = limiter_in(path)
    for _ in range(HELD):
        await limiter.slot().__aenter__()
    print("ready", flush=True)  # noqa: T201
    await asyncio.sleep(3_600)


if __name__ == "__main__":
    role, path = sys.argv[1], Path(sys.argv[2])
    match role:
        case "hold":
            asyncio.run(hold(path))
        case "use":
            asyncio.run(use_and_print(path, REQUESTS))
        case _:
            while True:
                asyncio.run(use_and_print(path, 1))

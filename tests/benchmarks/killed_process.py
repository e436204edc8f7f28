"""How long the slots of a killed process are missing to the others, whatever they share the limit in."""

from __future__ import annotations

import asyncio
import time

from meltingspot_async import RateLimiter

from .measure import show


async def share_of_a_killed_process(limiter: RateLimiter, requests: int, lease: float, begun: float) -> None:
    """Take all slots of the limit, and show how long that took since the process was killed."""
    slots = [limiter.slot() for _ in range(requests)]
    await asyncio.gather(*(slot.__aenter__() for slot in slots))
    show("until the share of a killed process is back / its lease", (time.perf_counter() - begun) / lease)
    await asyncio.gather(*(slot.__aexit__(None, None, None) for slot in slots))

"""Requests with a planned fate, carried out over one limiter or several of one limit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import attrs

from meltingspot_async import DeadlineExceededError, Priority, RateLimiter, TransportError

from .clock import now


@attrs.frozen
class Plan:
    """What becomes of one request; all times in seconds."""

    start: float
    out: float
    """From taking the slot to arriving at the service."""
    back: float
    """From arriving to the end of the slot."""
    priority: Priority
    cancelled_at: float | None
    patience: float | None
    ends: Exception | None
    process: int = 0
    """Which of the limiters it uses."""


async def carry_out(planned: Sequence[Plan], limiters: Sequence[RateLimiter]) -> list[float]:
    """Carry out the plans, and check that each request ended as planned.

    :returns: when requests arrived at the service. The list grows while those that were given up still travel.
    """
    arrived: list[float] = []
    loop = asyncio.get_running_loop()

    async def request(plan: Plan) -> None:
        await asyncio.sleep(plan.start)
        deadline = None if plan.patience is None else now() + plan.patience
        async with limiters[plan.process].slot(plan.priority, deadline):
            if not (isinstance(plan.ends, TransportError) and not plan.ends.sent):
                loop.call_later(plan.out, lambda: arrived.append(now()))
            await asyncio.sleep(plan.out + plan.back)
            if plan.ends is not None:
                raise plan.ends

    tasks = [asyncio.create_task(request(plan)) for plan in planned]
    for task, plan in zip(tasks, planned, strict=True):
        if plan.cancelled_at is not None:
            loop.call_later(plan.cancelled_at, task.cancel)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome, plan in zip(outcomes, planned, strict=True):
        fits = outcome is plan.ends
        fits |= plan.cancelled_at is not None and isinstance(outcome, asyncio.CancelledError)
        fits |= plan.patience is not None and isinstance(outcome, DeadlineExceededError)
        assert fits
    return arrived

"""A call ends within its deadline."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    DeadlineExceededError,
    RetryPolicy,
    ServerError,
)
from meltingspot_async.testing import Answer, Delay

from ..support.calls import failure, get, serving
from ..support.clock import now


async def test_wait_beyond_deadline_raises_before_waiting() -> None:
    """A Retry-After beyond the deadline fails at once, naming both, with the failure as its cause."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "30.5"}))
        started = now()
        error = await failure(client)
        assert isinstance(error, DeadlineExceededError)
        assert (error.wait_needed, error.deadline) == (30.5, 5.0)
        assert isinstance(error.__cause__, ServerError)
        assert now() - started < 0.1


async def test_queue_beyond_deadline_raises_before_waiting() -> None:
    """When the limit has no slot before the deadline, the call fails at once, and nothing is sent."""
    async with serving() as (fake, client):
        await asyncio.gather(*(get(client, number) for number in range(100)))
        started = now()
        error = await failure(client.with_options(deadline=5.0))
        assert isinstance(error, DeadlineExceededError)
        assert error.wait_needed == pytest.approx(10.0, abs=0.1)
        assert error.deadline == 5.0
        assert (now() - started < 0.1, len(fake.received)) == (True, 100)


async def test_deadline_bounds_the_whole_call() -> None:
    """A call ends at its deadline at the latest, even in the middle of an attempt."""
    async with serving(deadline=5.0, timeout=3.0, retry=RetryPolicy(backoff_base=0.0)) as (fake, client):
        fake.fail(Delay(100.0), Delay(100.0))
        started = now()
        error = await failure(client)
        assert isinstance(error, DeadlineExceededError)
        assert (error.wait_needed, error.deadline) == (None, 5.0)
        assert now() - started == pytest.approx(5.0)


async def test_calls_without_deadline_take_their_turn() -> None:
    """Four hundred calls gathered at once all succeed, as fast as the limit allows and no faster."""
    async with serving(coalesce=False) as (fake, client):
        started = now()
        await asyncio.gather(*(get(client, number % 200) for number in range(400)))
        assert now() - started == pytest.approx(30.0, abs=1.0)
        assert fake.most_received(10.0) == 100
        assert not any(request.refused for request in fake.received)


async def test_cancellation_in_the_same_turn_as_a_deadline_stays_a_cancellation() -> None:
    """A call that is cancelled at the very moment of its deadline ends cancelled."""
    async with serving(deadline=5.0, coalesce=False) as (fake, client):
        fake.fail(Delay(60.0))
        caller = get(client)
        asyncio.get_running_loop().call_at(now() + 5.0, caller.cancel)
        await asyncio.wait([caller])
        assert caller.cancelled()

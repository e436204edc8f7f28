"""Clients that are closed, unused, or on another loop."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    DeadlineExceededError,
    Event,
    MeltingSpotClient,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
    TransportError,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay

from ..support.calls import get, serving
from ..support.clock import now


async def test_closed_client_is_a_usage_error() -> None:
    """After aclose, which may be called twice, a call is a UsageError."""
    async with serving() as (fake, client):
        await get(client)
        await client.aclose()
        await client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await client.course_participants.get("c", "participant-0")
        assert len(fake.received) == 1


@pytest.mark.parametrize("coalesce", [True, False])
async def test_closing_ends_every_call_at_once(coalesce: bool) -> None:
    """Calls that wait for a slot, back off or wait for an answer end with a UsageError when the client is closed."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=1_000.0)])
    async with serving(limiter=limiter, coalesce=coalesce) as (fake, client):
        fake.fail(Delay(500.0), Answer(503, headers={"Retry-After": "50"}))
        answering = get(client)
        await asyncio.sleep(1.0)
        backing_off = get(client, 1)
        await asyncio.sleep(1.0)
        waiting = [get(client.with_options(deadline=50_000.0), number) for number in range(2, 50)]
        await asyncio.sleep(1.0)
        before = now()
        await client.aclose()
        assert now() - before < 0.1
        for call in (answering, backing_off, *waiting):
            assert call.done()
            with pytest.raises(UsageError, match="closed while the call was under way"):
                await call
        assert len(fake.received) == 2
        await asyncio.sleep(1_100.0)
        assert set(limiter.free().values()) == {2}


async def export(client: MeltingSpotClient) -> None:
    """Read all activities."""
    async for _ in client.activities.export(from_event_id="e"):
        pass


async def test_export_of_a_closed_client_does_not_begin() -> None:
    """An export that is iterated after its client was closed is refused as misuse, before it counts as a call."""
    seen: list[Event] = []
    client = MeltingSpotClient("key", on_event=seen.append)
    export = client.activities.export(from_event_id="0")
    await client.aclose()
    with pytest.raises(UsageError, match="is closed: make a new one"):
        await anext(aiter(export))
    with pytest.raises(UsageError, match="is closed: make a new one"):
        await client.session_manager.probe("/v1/courses")
    assert not seen


async def test_closing_ends_an_export_that_waits() -> None:
    """An export whose next request waits ends with a UsageError, too."""
    async with serving() as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "50"}))
        exporting = asyncio.create_task(export(client))
        await asyncio.sleep(1.0)
        await client.aclose()
        with pytest.raises(UsageError, match="closed while the call was under way"):
            await exporting
        assert len(fake.received) == 1


async def test_closing_waits_for_a_call_that_ends_by_itself() -> None:
    """A call whose deadline passes in the turn in which the client is closed ends with either error, once."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Delay(60.0))
        call = get(client)
        await asyncio.sleep(0)
        closing = asyncio.Event()
        asyncio.get_running_loop().call_at(now() + 5.0, closing.set)
        await closing.wait()
        await client.aclose()
        with pytest.raises((UsageError, DeadlineExceededError)):
            await call


async def test_closing_waits_for_an_export_that_ends_by_itself() -> None:
    """An export whose deadline passes in the turn in which the client is closed ends with either error, once."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Delay(60.0))
        closing = asyncio.Event()
        asyncio.get_running_loop().call_at(now() + 5.0, closing.set)
        exporting = asyncio.create_task(export(client))
        await closing.wait()
        await client.aclose()
        with pytest.raises((UsageError, DeadlineExceededError)):
            await exporting


def test_client_on_another_loop_is_a_usage_error() -> None:
    """A client used on a second event loop raises a UsageError that says what to do."""
    client = MeltingSpotClient("k", base_url="http://127.0.0.1:1", retry=RetryPolicy(attempts=1))

    async def use() -> None:
        with pytest.raises(TransportError):
            await client.get("/v1/courses")

    async def misuse() -> None:
        with pytest.raises(UsageError, match="one client per event loop"):
            await client.get("/v1/courses")
        with pytest.raises(UsageError, match="one client per event loop"):
            await client.aclose()

    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(use())
        second.run(misuse())
        first.run(client.aclose())


async def test_unused_client_opens_nothing() -> None:
    """A client may be made anywhere, closed unused, and leaves no session behind."""
    client = MeltingSpotClient("k")
    await client.aclose()

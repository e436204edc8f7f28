"""Clients that are closed, unused, or on another loop."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    MeltingSpotClient,
    RetryPolicy,
    TransportError,
    UsageError,
)
from meltingspot_async.testing import Answer

from ..support.calls import get, serving


async def test_closed_client_is_a_usage_error() -> None:
    """After aclose, which may be called twice, a call is a UsageError."""
    async with serving() as (fake, client):
        await get(client)
        await client.aclose()
        await client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await client.course_participants.get("c", "participant-0")
        assert len(fake.received) == 1


async def test_closing_ends_a_call_that_backs_off() -> None:
    """A call that was backing off when its client was closed ends with a UsageError."""
    async with serving() as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "5"}))
        waiting = get(client)
        await asyncio.sleep(1.0)
        await client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await waiting


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

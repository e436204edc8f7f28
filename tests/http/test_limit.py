"""The service never counts more requests than the limit allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from meltingspot_async import (
    CourseParticipant,
    Priority,
    RetryPolicy,
)
from meltingspot_async.testing import Answer, FakeMeltingSpot, Fault, Reset, Truncate

from ..support.calls import get, serving
from ..support.clock import now


async def test_service_never_counts_more_than_the_limit() -> None:
    """With slow cold connections and fast warm ones, the service counts at most 100 in any 10 s: no 429."""
    async with serving(FakeMeltingSpot(cold=8.0, warm=0.01)) as (fake, client):
        bulk = client.with_options(priority=Priority.BULK, coalesce=False)
        await asyncio.gather(*(get(bulk, number % 200) for number in range(400)))
        assert 95 <= fake.most_received(10.0) <= 100
        assert not any(request.refused for request in fake.received)


async def test_page_goes_before_a_queued_batch() -> None:
    """A single get goes before a queue of five hundred bulk requests."""
    async with serving() as (_, client):
        bulk = client.with_options(priority=Priority.BULK, coalesce=False)
        batch = [get(bulk, number % 200) for number in range(500)]
        await asyncio.sleep(15.0)
        started = now()
        await get(client, 7)
        assert now() - started <= 10.1
        assert sum(not task.done() for task in batch) >= 200
        await asyncio.gather(*batch)


async def test_batch_and_pages_keep_the_limit_through_faults() -> None:
    """With pages, a batch, faults and cancellations, no window is above the limit and all are served."""
    async with serving(FakeMeltingSpot(cold=2.0, warm=0.05), coalesce=False) as (fake, client):
        faults: list[Fault] = [Answer(200, b"{"), Answer(503), Reset(), Truncate()]
        fake.fail(*faults * 10)
        bulk = client.with_options(priority=Priority.BULK)
        batch = [get(bulk, number % 200) for number in range(200)]
        pages = [get(client, number) for number in range(30)]
        await asyncio.sleep(1.0)
        for page in pages[:10]:
            page.cancel()
        results = await asyncio.gather(*batch, *pages, return_exceptions=True)
        served = sum(isinstance(result, CourseParticipant) for result in results)
        assert served >= 230 - 10 - 10  # ten cancelled, ten answered with what is no participant
        assert fake.most_received(10.0) <= 100


async def test_limiter_needs_only_its_one_method() -> None:
    """A limiter needs nothing but its one method, and what it raises reaches the caller as it is."""

    class Strict:
        slots = 0

        @asynccontextmanager
        async def slot(
            self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
        ) -> AsyncGenerator[None, None]:
            self.slots += 1
            if self.slots > 2:
                raise TimeoutError("my own store is down")
            yield

    limiter = Strict()
    async with serving(limiter=limiter, retry=RetryPolicy(backoff_base=0.0)) as (fake, client):
        fake.fail(Answer(503))
        await get(client)
        for options in ({}, {"deadline": 5.0}):
            with pytest.raises(TimeoutError, match="my own store is down"):
                await get(client.with_options(**options))  # type: ignore[arg-type]
        assert len(fake.received) == 2

"""What the pictures show: real requests of the real client to the fake service, on the virtual clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import attrs

from meltingspot_async import (
    AttemptFinished,
    AttemptStarted,
    Event,
    MeltingSpotClient,
    Priority,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
)
from meltingspot_async.rate_limit import DOCUMENTED_LIMITS, RateLimiter
from meltingspot_async.testing import FakeMeltingSpot

from ..support.clock import now, run_virtual

SMALL = RateLimit(10, per=10.0)
"""A limit whose slots can all be drawn."""
COLD, WARM = 2.0, 0.2
"""Seconds that a request travels: over a connection that has to be opened first, and over one that is open."""


@attrs.define
class Sent:
    """One request, in seconds since the beginning."""

    sent: float
    received: float = 0.0
    answered: float = 0.0
    refused: bool = False


class CountedAtSending:
    """The limiter that comes to mind first: no more than N requests are sent in any window."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._sent = deque[float]()

    @asynccontextmanager
    async def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AsyncGenerator[None]:
        while len(self._sent) == self._limit.requests:
            if (due := self._sent[0] + self._limit.per) > now():
                await asyncio.sleep(due - now())
            else:
                self._sent.popleft()
        self._sent.append(now())
        yield


async def _two_bursts(limiter: RateLimiter) -> list[Sent]:
    requests: dict[str, Sent] = {}
    began = now()

    def note(event: Event) -> None:
        if isinstance(event, AttemptStarted):
            requests[event.path] = Sent(now() - began)
        elif isinstance(event, AttemptFinished):
            requests[event.path].answered = now() - began

    async with FakeMeltingSpot(limits=[SMALL], cold=COLD, warm=WARM) as fake:
        ids = fake.seed("c", 2 * SMALL.requests)
        once = RetryPolicy(attempts=1, max_throttled=0.0)
        async with MeltingSpotClient(
            fake.api_key, base_url=fake.base_url, limiter=limiter, retry=once, on_event=note
        ) as client:
            calls = (client.course_participants.get("c", one) for one in ids)
            await asyncio.gather(*calls, return_exceptions=True)
        for arrived in fake.received:
            request = requests[arrived.path]
            request.received, request.refused = arrived.at - began, arrived.refused
    return list(requests.values())


def two_bursts(make: Callable[[], RateLimiter]) -> list[Sent]:
    """As many requests as two windows take, all at once, on one key."""
    return run_virtual(_two_bursts(make()))


def counted_at_sending() -> list[Sent]:
    """Two bursts whose requests are counted when they are sent."""
    return two_bursts(lambda: CountedAtSending(SMALL))


def held_until_answered() -> list[Sent]:
    """Two bursts with the limiter of the package."""
    return two_bursts(lambda: SlidingWindowLimiter([SMALL]))


def most_in_a_window(requests: list[Sent], per: float) -> int:
    """The most requests that the service received within so many seconds."""
    times = sorted(request.received for request in requests)
    return max(sum(start <= time < start + per for time in times) for start in times)


@attrs.define
class Beside:
    """Pages beside a batch."""

    waits: list[tuple[float, float]]
    """When each page asked, and how long it waited for its slot."""
    batch: list[float]
    """When the requests of the batch were received."""
    received: int
    """The most that was received in a window of 10 s."""


SECONDS = 40
WAITING = 150


async def _pages_beside_a_batch(reserve: float, seconds: int) -> Beside:
    waits: list[tuple[float, float]] = []
    began = now()

    def note(event: Event) -> None:
        if isinstance(event, AttemptStarted):
            waits.append((now() - began - event.waited, event.waited))

    async with FakeMeltingSpot(cold=0.25, warm=0.2) as fake:
        fake.seed("c", seconds + 1)
        limiter = SlidingWindowLimiter(DOCUMENTED_LIMITS, reserve=reserve)
        async with MeltingSpotClient(
            fake.api_key, base_url=fake.base_url, limiter=limiter, coalesce=False
        ) as client:
            batch = client.with_options(priority=Priority.BULK).course_participants
            pages = MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter, on_event=note)

            async def work() -> None:
                while True:
                    await batch.get("c", "participant-0")

            workers = [asyncio.create_task(work()) for _ in range(WAITING)]
            loading: list[asyncio.Task[object]] = []
            async with pages:
                for number in range(1, seconds + 1):
                    await asyncio.sleep(1.0)
                    loading.append(
                        asyncio.create_task(pages.course_participants.get("c", f"participant-{number}"))
                    )
                await asyncio.sleep(0.5)
                for task in (*workers, *loading):
                    task.cancel()
                await asyncio.gather(*workers, *loading, return_exceptions=True)
        arrived = [r.at - began for r in fake.received if r.path.endswith("participant-0")]
        return Beside(sorted(waits), arrived, fake.most_received(10.0))


def pages_beside_a_batch(reserve: float, seconds: int = SECONDS) -> Beside:
    """A page every second, beside a batch that always has requests waiting."""
    return run_virtual(_pages_beside_a_batch(reserve, seconds))

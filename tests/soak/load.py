"""Callers who ask for participants as fast as they can, and what became of their calls."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import attrs

from meltingspot_async import (
    CallEnded,
    CallStarted,
    DeadlineExceededError,
    Event,
    Freshness,
    InvalidResponseError,
    MeltingSpotClient,
    Priority,
    RateLimit,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
)

from .service import serving
from .vitals import Vitals, at_rest, complaints

EXPECTED = (TransportError, ServerError, DeadlineExceededError, InvalidResponseError)
"""How a call may end on a bad network, after its retries."""
POPULAR, ALL = 200, 1_000_000
"""Every other call is for one of the popular ids, so that requests are shared."""


@attrs.define
class Tally:
    """What became of the calls."""

    calls: int = 0
    answers: int = 0
    cancelled: int = 0
    errors: Counter[str] = attrs.field(factory=Counter[str])
    broken: list[str] = attrs.field(factory=list[str])
    """Promises that did not hold."""
    under_way: int = 0
    """Calls that have begun and not ended, as their events say."""

    def hear(self, event: Event) -> None:
        """Count an event."""
        self.under_way += isinstance(event, CallStarted) - isinstance(event, CallEnded)


@attrs.frozen
class Outcome:
    """What a soak on one loop has shown."""

    tally: Tally
    happened: Counter[str]
    early: Vitals
    late: Vitals
    before: Vitals
    after: Vitals
    """Once the client is closed."""
    complaints: list[str]

    def broken(self) -> list[str]:
        """The promises that did not hold, in words."""
        found = [*self.tally.broken, *self.complaints]
        found += [
            f"while it ran, there was more and more of {grown}" for grown in self.late.grown(self.early)
        ]
        left = attrs.evolve(self.after, objects=0, memory=0)
        found += [f"the client is closed and leaves {grown}" for grown in left.grown(self.before)]
        if self.tally.under_way:
            found.append(f"{self.tally.under_way} calls have begun and not ended")
        return found


async def soak(more: Callable[[float, Tally], bool], *, callers: int, seed: int) -> Outcome:
    """Callers of both lanes on one client, until there is to be no more.

    :param more: whether there is to be more, called with the share of the soak that is looked at, and the tally.
    """
    chance, tally, measured = random.Random(seed), Tally(), list[Vitals]()
    with complaints() as heard:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(repr(context)))
        await _warm_up(chance)
        before = await at_rest()
        async with serving(chance) as (service, base_url), _client(base_url, tally) as client:
            for share in (0.1, 1.0):
                async with asyncio.TaskGroup() as group:
                    for number in range(callers):
                        caller = Caller(_copy(client, number), random.Random(f"{seed} {number}"), tally)
                        group.create_task(caller.run(partial(more, share, tally)))
                service.hang_up()
                measured.append(await at_rest())
        after = await at_rest()
    early, late = measured
    return Outcome(tally, service.happened, early, late, before, after, heard)


async def _warm_up(chance: random.Random) -> None:
    """Let the loop open what it keeps until it is closed."""
    async with serving(chance) as (_, base_url), _client(base_url, Tally()) as client:
        await asyncio.gather(*(client.course_participants.get("course", f"p-{i}") for i in range(20)))


def _client(base_url: str, tally: Tally) -> MeltingSpotClient:
    """A client without a limit that could be felt."""
    return MeltingSpotClient(
        "secret-key",
        base_url=base_url,
        trust_env=False,
        timeout=10.0,
        limiter=SlidingWindowLimiter([RateLimit(10**9, per=1.0)]),
        retry=RetryPolicy(backoff_base=0.02, backoff_max=0.2),
        on_event=tally.hear,
    )


def _copy(client: MeltingSpotClient, number: int) -> MeltingSpotClient:
    """The client as a caller uses it: every second for a batch, some with a deadline, some with fresh answers."""
    priority = Priority.BULK if number % 2 else Priority.INTERACTIVE
    deadline = 5.0 if number % 10 == 4 else None
    freshness = Freshness(max_age=0.5, stale_if_error=5.0, entries=500) if number % 10 in {6, 7} else None
    return client.with_options(priority=priority, deadline=deadline, freshness=freshness)


@attrs.frozen
class Caller:
    """Asks for one participant after the other, and sometimes loses patience."""

    client: MeltingSpotClient
    chance: random.Random
    tally: Tally

    async def run(self, more: Callable[[], bool]) -> None:
        """Call as long as there is to be more."""
        while more():
            self.tally.calls += 1
            wanted = f"p-{self.chance.randrange(self.chance.choice((POPULAR, ALL)))}"
            try:
                async with asyncio.timeout(self.patience()):
                    found = await self.client.course_participants.get("course", wanted)
            except EXPECTED as error:
                self.tally.errors[type(error).__name__] += 1
            except TimeoutError:
                self.tally.cancelled += 1
            except Exception as error:  # noqa: BLE001 - whatever else a call raises is what the soak looks for
                self.tally.broken.append(f"{wanted} ended with {error!r}")
            else:
                self.tally.answers += 1
                if found.id != wanted:
                    self.tally.broken.append(f"{wanted} was asked for, and {found.id} was given")

    def patience(self) -> float | None:
        """Seconds after which the call is cancelled; mostly, never."""
        return self.chance.uniform(0.0, 0.2) if self.chance.random() < 0.05 else None

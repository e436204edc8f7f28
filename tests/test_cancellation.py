"""Whoever is cancelled at whatever moment ends cancelled, holds nothing, and is in nobody's way."""

from __future__ import annotations

import asyncio
import itertools
import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiohttp
import attrs
import pytest

from meltingspot_async import MeltingSpotClient, RateLimit, RetryPolicy, SlidingWindowLimiter
from meltingspot_async.rate_limit import _rules
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.rate_limit._shared import SharedLimiter
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_activity

from .support.calls import busy_connections
from .support.limiters import BULK, INTERACTIVE, STUCK, free_slots, redis_limiting, use
from .support.redis_server import RedisServer
from .support.suspensions import LoopKind, Moment, Suspensions
from .support.thorough import THOROUGH, thorough

pytestmark = thorough

SHORT, LONG = RateLimit(20, per=0.004), RateLimit(10**6, per=DAY)
"""The whole share of the short limit is back soon; the long one counts everything that was sent."""

Limiter = SlidingWindowLimiter | SharedLimiter


@attrs.frozen
class Program:
    """A service, a client of it, and what the client holds."""

    service: FakeMeltingSpot
    client: MeltingSpotClient
    limiter: Limiter
    session: aiohttp.ClientSession

    async def holds_nothing(self) -> None:
        """Check that nothing is under way, but for what a limiter still has to tell its store."""
        assert not busy_connections(self.session)
        assert not self.client.session_manager._in_flight._flights
        assert not self.client.session_manager._calls.scopes
        assert (self.limiter._held, len(self.limiter._lanes)) == (0, 0)
        await self._has_reported()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def works(self) -> None:
        """Check that the next call is answered, and that the whole share is free a window later."""
        assert await get(self) == OPERATIONS[get]
        while (await free_slots(self.limiter))[SHORT] < SHORT.requests:  # noqa: ASYNC110 - no event announces it
            await asyncio.sleep(SHORT.per / 4)
        await self._has_reported()

    async def _has_reported(self) -> None:
        # Not in rounds of the loop: they would take turns with the thread of a file, which has to wait for each.
        while (reporting := getattr(self.limiter, "_reporting", None)) is not None:
            await asyncio.wait([reporting])


async def get(program: Program) -> object:
    return (await program.client.course_participants.get("c", "participant-0")).id


async def get_again(program: Program) -> object:
    program.service.fail(Answer(503))
    return await get(program)


async def list_(program: Program) -> object:
    return [item.id async for item in program.client.course_participants.list("c")]


async def pages(program: Program) -> object:
    return [len(page.items) async for page in program.client.course_participants.list("c").pages()]


async def get_many(program: Program) -> object:
    ids = [f"participant-{number}" for number in (0, 1, 5, 6)]
    return sorted([result.id async for result in program.client.course_participants.get_many("c", ids)])


async def export(program: Program) -> object:
    exported = program.client.activities.export(from_event_id="event-0", limit=3)
    return [activity.id async for activity in exported]


async def slot(program: Program) -> object:
    for priority in (INTERACTIVE, BULK, BULK):
        await use(program.limiter, priority)
    return None


Operation = Callable[[Program], Awaitable[object]]
OPERATIONS: dict[Operation, object] = {
    get: "participant-0",
    get_again: "participant-0",
    list_: [f"participant-{number}" for number in range(7)],
    pages: [3, 3, 1],
    get_many: [f"participant-{number}" for number in (0, 1, 5, 6)],
    export: [f"event-{number}" for number in range(1, 5)],
    slot: None,
}
"""What is cancelled, and its outcome when it is not. A second BULK slot, as that of a second page, has to wait."""


@attrs.frozen
class Place:
    """On which loop a program runs, and where its limit is kept."""

    loop: LoopKind
    limit: str
    service: FakeMeltingSpot
    server: RedisServer
    path: Path

    def run(self, main: Callable[[Program, Suspensions], Awaitable[None]]) -> None:
        """Run something with a program. Nothing may be reported as lost, and it must not hang."""
        complaints: list[object] = []
        suspensions = Suspensions(self.loop)

        async def bounded() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, found: complaints.append(found))
            received = len(self.service.received)
            async with asyncio.timeout(STUCK), self._program() as program:
                await main(program, suspensions)
                counted = LONG.requests - (await free_slots(program.limiter))[LONG]
                assert counted >= len(self.service.received) - received

        suspensions.run(bounded())
        assert not complaints

    @asynccontextmanager
    async def _program(self) -> AsyncGenerator[Program]:
        async with AsyncExitStack() as stack:
            limiter: Limiter
            if self.limit == "memory":
                limiter = SlidingWindowLimiter([SHORT, LONG])
            elif self.limit == "redis":
                limiter = await stack.enter_async_context(
                    redis_limiting(self.server, uuid.uuid4().hex, SHORT, LONG)
                )
            else:
                limiter = SqliteSlidingWindowLimiter(self.path, [SHORT, LONG], key="k")
                stack.push_async_callback(limiter.aclose)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = MeltingSpotClient(
                self.service.api_key,
                base_url=self.service.base_url,
                limiter=limiter,
                session=session,
                page_size=3,
                retry=RetryPolicy(backoff_base=0.001),
            )
            yield Program(self.service, await stack.enter_async_context(client), limiter, session)


T = TypeVar("T")


def in_turn(cases: Sequence[T], number: int, *, every: bool = THOROUGH) -> Sequence[T]:
    """Every case, or else the one whose turn it is."""
    return cases if every else [cases[number % len(cases)]]


LOOPS = [kind for kind in LoopKind if kind is not LoopKind.EAGER or sys.version_info >= (3, 12)]
LIMITS = ("memory", "redis", "sqlite")
PLACES = [
    pytest.param((loop, limit), id=f"{loop.value}, {limit}")
    for number, limit in enumerate(LIMITS)
    for loop in in_turn(LOOPS, number)
]
"""Each limiter on each loop, if there is time; or else on one."""


@pytest.fixture(scope="module")
def service() -> Iterator[FakeMeltingSpot]:
    """A service in a thread: its tasks are not among those of a test."""
    with FakeMeltingSpot(limits=[LONG]) as fake:
        fake.seed("c", 7)
        fake.add_to("/v1/activities~export", *map(make_activity, range(5)))
        yield fake


TRIALS = [
    pytest.param(
        operation, place.values[0], moment, id=f"{operation.__name__.strip('_')}-{place.id}-{moment.value}"
    )
    for number, operation in enumerate(OPERATIONS)
    for place in in_turn(PLACES, number, every=THOROUGH or operation is slot)
    for moment in in_turn(list(Moment), number, every=THOROUGH or operation is slot)
]
"""Each kind of call in each place at each moment, if there is time; or else all but the slots in one, at one."""


@pytest.fixture(params=PLACES)
def place(
    request: pytest.FixtureRequest,
    service: FakeMeltingSpot,
    server: RedisServer,
    limit_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """A place where requests that are given up are soon forgotten: it runs on clocks that nobody can move on."""
    monkeypatch.setattr(_rules, "GIVEN_UP_MARGIN", 0.0)
    loop, limit = request.param
    return Place(loop, limit, service, server, limit_path)


@pytest.mark.parametrize(("operation", "place", "moment"), TRIALS, indirect=["place"])
def test_call_cancelled_at_any_suspension_leaves_nothing_behind(
    operation: Operation, moment: Moment, place: Place
) -> None:
    """A call cancelled at any suspension ends cancelled, and neither a task, a slot nor a connection is left of it."""

    async def cancel_at_each(program: Program, suspensions: Suspensions) -> None:
        for number in itertools.count():
            task = suspensions.begin(partial(operation, program), number, moment)
            await asyncio.wait([task])
            assert task.cancelled() if suspensions.struck else task.result() == OPERATIONS[operation]
            await program.holds_nothing()
            await program.works()
            if suspensions.left > 0:
                break

    place.run(cancel_at_each)


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
@pytest.mark.parametrize("is_first", [True, False])
def test_caller_cancelled_at_any_suspension_leaves_the_other_its_answer(
    is_first: bool, moment: Moment, place: Place
) -> None:
    """Of two callers who share a request, one cancelled at any suspension costs the other nothing, and no request."""

    async def cancel_at_each(program: Program, suspensions: Suspensions) -> None:
        for number in itertools.count():
            received = len(program.service.received)
            others = [] if is_first else [asyncio.create_task(get(program))]
            cancelled = suspensions.begin(partial(get, program), number, moment)
            other = others[0] if others else asyncio.create_task(get(program))
            await asyncio.wait([cancelled, other])
            assert other.result() == OPERATIONS[get]
            assert cancelled.cancelled() if suspensions.struck else cancelled.result() == OPERATIONS[get]
            assert len(program.service.received) == received + 1
            await program.holds_nothing()
            await program.works()
            if suspensions.left > 0:
                break

    place.run(cancel_at_each)

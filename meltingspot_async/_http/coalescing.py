"""One request where one is enough: identical GETs under way at the same time share one."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Generic, TypeVar

import attrs

from ..errors import MeltingSpotError, UsageError
from .call import CLOSED, Call

T = TypeVar("T")

NAME = "request of meltingspot_async"
"""Name of every task: asyncio's own, with a number, is made anew for each."""


@attrs.define(eq=False)
class Flight(Generic[T]):
    """One request under way, for all who wait for its answer."""

    call: Call
    """How it is made, for newcomers to decide whether they join it."""
    task: asyncio.Task[T]
    callers: int = 0


class InFlight(Generic[T]):
    """The table of requests under way.

    A request runs in a task of its own, so that no caller's cancellation or deadline reaches the others. The last
    caller to leave cancels it, waits for its end, and meanwhile nobody new can join it. If the request fails, each
    caller gets an exception of its own: what one adds to it, notes or frames, the others do not see.

    :param on_join: called with a call that joins a request, and with the call that began it.
    """

    def __init__(self, on_join: Callable[[Call, Call], None]) -> None:
        self._flights: dict[Hashable, tuple[Flight[T], ...]] = {}
        self._on_join = on_join
        self._is_closed = False

    async def answer(
        self, call: Call, url: str, fetch: Callable[[Call, str], Coroutine[object, object, T]]
    ) -> T:
        """The answer to an identical request under way, or to a new one that others can join.

        Whoever begins a request decides how it is made and how long it may queue. A caller who joined one that fails,
        and would have made it in another way or has more time, makes its own.

        :param fetch: makes the request.
        :raises DeadlineExceededError: the call's deadline has passed.
        :raises UsageError: the client was closed.
        """
        loop, options = asyncio.get_running_loop(), call.options
        key: Hashable = (url, call.item_id, options.headers) if options.coalesce else call.id
        flight = joined = self._find(key, call.suits)
        while True:
            self._check()
            if flight is None:
                flight = Flight(call, loop.create_task(fetch(call, url), name=NAME))
                self._flights[key] = (*self._flights.get(key, ()), flight)
            else:
                flight.call.admit(call)
                self._on_join(call, flight.call)
            flight.callers += 1
            try:
                await _end_of(flight.task, call.deadline)
                is_late = not flight.task.done()
            finally:
                await self._leave(key, flight)
            if is_late:
                raise call.exceeded(None)
            if flight.task.cancelled():
                self._check()
            failure = flight.task.exception()
            if joined is None or call.accepts(failure, flight.call):
                if isinstance(failure, MeltingSpotError):
                    raise copy.copy(failure) from failure.__cause__
                return flight.task.result()
            flight = joined = self._find(key, call.is_made_like)

    def _find(self, key: Hashable, is_alike: Callable[[Call], bool]) -> Flight[T] | None:
        """A request that is under way, and would do."""
        flights = self._flights.get(key, ())
        return next((flight for flight in flights if not flight.task.done() and is_alike(flight.call)), None)

    async def _leave(self, key: Hashable, flight: Flight[T]) -> None:
        """End a request that no caller waits for any more."""
        flight.callers -= 1
        if flight.callers:
            return
        others = tuple(other for other in self._flights.pop(key) if other is not flight)
        if others:
            self._flights[key] = others
        if not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})
        if not flight.task.cancelled():
            flight.task.exception()  # retrieved: asyncio must not report it as lost if no caller is left

    async def close(self) -> None:
        """End all requests of this loop, and wait until they have ended. None begins from now on."""
        self._is_closed = True
        loop = asyncio.get_running_loop()
        tasks = [flight.task for flights in self._flights.values() for flight in flights]
        under_way = [task for task in tasks if task.get_loop() is loop]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)

    def _check(self) -> None:
        """Refuse to go on after the client was closed."""
        if self._is_closed:
            raise UsageError(CLOSED)


def _end_of(task: asyncio.Task[T], deadline: float | None) -> asyncio.Future[None]:
    """What a caller waits for, and may cancel: it is done when the task is, or when the deadline passes."""
    loop = task.get_loop()
    over: asyncio.Future[None] = loop.create_future()
    task.add_done_callback(partial(_end, over))
    if deadline is not None:
        timer = loop.call_at(deadline, _end, over)
        over.add_done_callback(lambda _: timer.cancel())
    return over


def _end(wait: asyncio.Future[None], _: object = None) -> None:
    if not wait.done():
        wait.set_result(None)

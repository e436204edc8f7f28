"""One request where one is enough: identical GETs under way at the same time share one."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

import attrs

from ..errors import MeltingSpotError

T = TypeVar("T")
S = TypeVar("S")


@attrs.define(eq=False)
class Flight(Generic[S, T]):
    """One request under way, for all who wait for its answer."""

    terms: S
    """How it is made, for newcomers to decide whether they join it."""
    task: asyncio.Task[T]
    callers: int = 0


class InFlight(Generic[S, T]):
    """The table of requests under way.

    A request runs in a task of its own, so that no caller's cancellation reaches the others. The last caller
    to be cancelled cancels it, waits for its end, and meanwhile nobody new can join it. If the request fails,
    each caller gets an exception of its own: what one adds to it, notes or frames, the others do not see.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, list[Flight[S, T]]] = {}

    def find(self, key: Hashable, suits: Callable[[S], bool]) -> Flight[S, T] | None:
        """A request of that key that is under way, and whose terms suit."""
        flights = self._flights.get(key, ())
        return next((flight for flight in flights if not flight.task.done() and suits(flight.terms)), None)

    def begin(self, key: Hashable, terms: S, fetch: Coroutine[object, object, T]) -> Flight[S, T]:
        """A new request, which others can join."""
        flight = Flight(terms, asyncio.create_task(fetch))
        self._flights.setdefault(key, []).append(flight)
        return flight

    async def join(self, key: Hashable, flight: Flight[S, T]) -> T:
        """The answer to a request that is under way."""
        flight.callers += 1
        try:
            await _end_of(flight.task)
        finally:
            flight.callers -= 1
            if not flight.callers:
                await self._land(key, flight)
        error = flight.task.exception()
        if isinstance(error, MeltingSpotError):
            raise copy.copy(error) from error.__cause__
        return flight.task.result()

    async def _land(self, key: Hashable, flight: Flight[S, T]) -> None:
        """End a request that no caller waits for any more."""
        flights = self._flights[key]
        flights.remove(flight)
        if not flights:
            del self._flights[key]
        if not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})
        if not flight.task.cancelled():
            flight.task.exception()  # retrieved: asyncio must not report it as lost if no caller is left


def _end_of(task: asyncio.Task[T]) -> asyncio.Future[None]:
    """What a caller waits for, and may cancel: asyncio.wait does the same at three times the cost."""
    ended: asyncio.Future[None] = task.get_loop().create_future()

    def report(_: asyncio.Task[T]) -> None:
        if not ended.done():
            ended.set_result(None)

    task.add_done_callback(report)
    return ended

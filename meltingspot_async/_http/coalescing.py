"""One request where one is enough: identical GETs under way at the same time share one."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

import attrs

from ..errors import MeltingSpotError

T = TypeVar("T")


@attrs.define(eq=False)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    callers: int = 0


class InFlight(Generic[T]):
    """The table of requests under way.

    A request runs in a task of its own, so that no caller's cancellation reaches the others. The last caller
    to be cancelled cancels it, waits for its end, and meanwhile nobody new can join it. If the request fails,
    each caller gets an exception of its own: what one adds to it, notes or frames, the others do not see.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        """Whether a request of that key is under way."""
        flight = self._flights.get(key)
        return flight is not None and not flight.task.done()

    async def share(self, key: Hashable, fetch: Callable[[], Coroutine[object, object, T]]) -> T:
        """The result of the request under way with that key, or else of ``fetch()``."""
        if key not in self:
            self._flights[key] = _Flight(asyncio.create_task(fetch()))
        flight = self._flights[key]
        flight.callers += 1
        try:
            await asyncio.wait({flight.task})
        finally:
            flight.callers -= 1
            if not flight.callers:
                await self._land(key, flight)
        error = flight.task.exception()
        if isinstance(error, MeltingSpotError):
            raise copy.copy(error) from error.__cause__
        return flight.task.result()

    async def _land(self, key: Hashable, flight: _Flight[T]) -> None:
        """End a request that no caller waits for any more."""
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.task.cancel()
        await asyncio.wait({flight.task})
        if not flight.task.cancelled():
            flight.task.exception()  # retrieved: asyncio must not report it as lost if no caller is left

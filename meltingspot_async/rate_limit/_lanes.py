"""Who waits in this process, in which order, and who gets which outcome. It knows neither a store nor a clock."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator

import attrs

from ..errors import MeltingSpotError
from ._protocol import Priority

Waiter = asyncio.Future[MeltingSpotError | None]
"""Resolved with ``None`` when a slot was taken for it, or with the reason why it gets no slot."""


@attrs.define
class Place:
    """Where somebody stands in the queue."""

    waiter: Waiter
    priority: Priority
    deadline: float | None
    ahead: int
    """How many get their slot before it, at least."""
    staying: int
    """Those of them who have no deadline, and so do not leave the queue at one."""


class Lane:
    """The waiters of one priority: first those who were refused with a 429 and wait again, all in order of arrival."""

    def __init__(self) -> None:
        self.with_deadline = 0
        """How many of them have a deadline."""
        self._returned: dict[Waiter, tuple[int, float | None]] = {}
        self._arrived: OrderedDict[Waiter, float | None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._arrived) + len(self._returned)

    def __iter__(self) -> Iterator[tuple[Waiter, float | None]]:
        for waiter in sorted(self._returned, key=self._arrival):
            yield waiter, self._returned[waiter][1]
        yield from self._arrived.items()

    def add(self, waiter: Waiter, deadline: float | None) -> None:
        """Let a newcomer wait, until ``deadline``."""
        self._arrived[waiter] = deadline
        self.with_deadline += deadline is not None

    def add_again(self, waiter: Waiter, deadline: float | None, arrival: int) -> None:
        """Let somebody wait again, in its old place: before all newcomers."""
        self._returned[waiter] = arrival, deadline
        self.with_deadline += deadline is not None

    def remove(self, waiter: Waiter) -> None:
        """Forget somebody, wherever it waits."""
        if waiter in self._returned:
            self.with_deadline -= self._returned.pop(waiter)[1] is not None
        elif waiter in self._arrived:
            self.with_deadline -= self._arrived.pop(waiter) is not None

    def resolve(self, limit: int, outcome: Callable[[], MeltingSpotError | None]) -> int:
        """Give the first so many their outcome, leaving out the cancelled; returns how many got it."""
        given = 0
        while given < limit and len(self):
            waiter = min(self._returned, key=self._arrival) if self._returned else next(iter(self._arrived))
            self.remove(waiter)
            if not waiter.done():
                waiter.set_result(outcome())
                given += 1
        return given

    def _arrival(self, waiter: Waiter) -> int:
        return self._returned[waiter][0]

    def refuse(self, reason: Callable[[], MeltingSpotError]) -> None:
        """Refuse everybody, each with an exception of its own."""
        self.resolve(len(self), reason)


class Lanes:
    """The two lanes of one process.

    :param max_passed_over: slots in a row that pages get while a BULK request waits.
    """

    def __init__(self, max_passed_over: int) -> None:
        self.pages = Lane()
        self.batches = Lane()
        self._max_passed_over = max_passed_over

    def __len__(self) -> int:
        return len(self.pages) + len(self.batches)

    def of(self, priority: Priority) -> Lane:
        """The lane of a priority."""
        return self.batches if priority is Priority.BULK else self.pages

    def refuse(self, reason: Callable[[], MeltingSpotError]) -> None:
        """Refuse everybody who waits, each with an exception of its own."""
        for lane in (self.pages, self.batches):
            lane.refuse(reason)

    def last(self, priority: Priority, waiter: Waiter, deadline: float | None) -> Place:
        """The place of the one who was added last."""
        lane = self.of(priority)
        ahead = len(lane) - 1
        return self._place(
            priority, waiter, deadline, ahead, ahead - lane.with_deadline + (deadline is not None)
        )

    def places_with_deadline(self) -> Iterator[Place]:
        """The place of each who has a deadline."""
        for priority in Priority:
            staying, lane = 0, self.of(priority)
            for ahead, (waiter, deadline) in enumerate(list(lane) if lane.with_deadline else ()):
                if deadline is None:
                    staying += 1
                else:
                    yield self._place(priority, waiter, deadline, ahead, staying)

    def _place(
        self, priority: Priority, waiter: Waiter, deadline: float | None, ahead: int, staying: int
    ) -> Place:
        if priority is Priority.BULK:  # pages go first, but for one slot in so many
            pages = len(self.pages)
            staying += min(pages - self.pages.with_deadline, self._max_passed_over * ahead)
            ahead += min(pages, self._max_passed_over * ahead)
        return Place(waiter, priority, deadline, ahead, staying)

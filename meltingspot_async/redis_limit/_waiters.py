"""Who waits in this process, in which order, and who gets which outcome. It knows neither Redis nor a clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from ..errors import DeadlineExceededError, MeltingSpotError
from ..rate_limit import Priority, RateLimit
from ..rate_limit._queue import Queue, Waiter


class Waiters:
    """The two lanes of one process. Times are the loop's.

    :param limits: the limits to keep, which say how much later a slot is free for each place in the queue.
    """

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        self.interactive: Queue = OrderedDict()
        self.bulk: Queue = OrderedDict()
        self.with_deadline = 0
        """How many requests with a deadline are under way to their slot."""
        self._limits = tuple(limits)

    def lane(self, priority: Priority) -> Queue:
        """The queue of a priority."""
        return self.bulk if priority is Priority.BULK else self.interactive

    def ahead(self, priority: Priority) -> int:
        """How many waiters a newcomer of this priority has before it."""
        return len(self.interactive) + (len(self.bulk) if priority is Priority.BULK else 0)

    def hand_out(self, for_pages: int, for_batches: int) -> int:
        """Give each lane its slots. Returns how many found a waiter: the cancelled are left out."""
        return _resolve(self.interactive, None, for_pages) + _resolve(self.bulk, None, for_batches)

    def refuse_all(self, reason: Callable[[], MeltingSpotError]) -> None:
        """Refuse every waiter, each with an exception of its own."""
        for queue in (self.interactive, self.bulk):
            while queue:
                _resolve(queue, reason(), 1)

    def refuse_late(self, free_at: float, now: float) -> None:
        """Refuse every waiter whose slot cannot be free by its deadline, if the first is free at ``free_at``."""
        if self.with_deadline:
            for queue, ahead in ((self.interactive, 0), (self.bulk, len(self.interactive))):
                for place, waiter in enumerate(list(queue), ahead):
                    self.refuse_if_late(queue, waiter, place, free_at, now)

    def refuse_if_late(self, queue: Queue, waiter: Waiter, ahead: int, free_at: float, now: float) -> None:
        """Refuse a waiter with ``ahead`` others before it if its slot cannot be free by its deadline."""
        free_at += max(ahead // limit.requests * limit.per for limit in self._limits)
        deadline = queue[waiter]
        if deadline is not None and free_at > deadline and not waiter.done():
            del queue[waiter]
            waiter.set_result(DeadlineExceededError(free_at - now, max(0.0, deadline - now)))

    def clear(self) -> None:
        """Forget the waiters of a loop that was closed."""
        self.interactive.clear()
        self.bulk.clear()


def _resolve(queue: Queue, outcome: MeltingSpotError | None, limit: int) -> int:
    """Give the first ``limit`` of a queue their outcome, leaving out the cancelled; returns to how many."""
    given = 0
    while queue and given < limit:
        waiter, _ = queue.popitem(last=False)
        if not waiter.done():
            waiter.set_result(outcome)
            given += 1
    return given

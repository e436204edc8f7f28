"""How requests of one process wait for their slots: in two lanes, until a store gives them.

This is what all limiters have in common. They differ in the store that decides, and in how they talk to it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from .._validation import require_not_negative
from ..errors import DeadlineExceededError, QuotaExhaustedError, RateLimitError, UsageError
from ._lanes import Lanes, Place, Waiter
from ._limits import DAY, RateLimit
from ._protocol import Priority, SlotOutcome
from ._reports import LastStep, Unreported
from ._slot import Slot
from ._state import Reply, Rules, Statement
from ._window import NEVER, round_up

MAX_PAUSE = DAY
"""Seconds that a 429 pauses a key at most: then a request finds out whether it still holds."""

COARSE = 1e-6
"""Seconds; the time of a loop whose clock is no finer than this is rounded, so that an answer is in up to one tick
later than the loop says."""


_CONFLICT = (
    "Other programs share this allowance and state other limits, another reserve or another lease. Give all of them "
    "the same, or the allowance another key; programs that have stopped are forgotten after their lease."
)


class QueueingLimiter(ABC):
    """Hands out the slots that a store gives to those who wait for them in this process.

    Whoever comes waits in its lane, first come, first served; a request that was refused with a 429 comes back to the
    front of it. What the store does not know yet (who waits, what is held, what became of requests) is reported to it
    in a step, and each slot that it gives wakes one waiter. Whoever leaves the queue with a slot in its hand gives it
    back. A slot belongs to the loop on which it was taken: when that is closed, its request counts as given up.
    """

    def __init__(self, limits: Iterable[RateLimit], rules: Rules, patience: float) -> None:
        self._limits = tuple(limits)
        if not self._limits:
            raise UsageError(f"{type(self).__name__} needs at least one RateLimit.")
        require_not_negative("patience", patience)
        self._rules = rules
        self._patience = patience
        self._shortest = min(limit.per for limit in self._limits)
        self._lanes = Lanes(rules.max_passed_over)
        self._held: int = 0
        self._unreported = Unreported()
        self._last = LastStep()
        self._arrivals = itertools.count()
        self._taken_at = -NEVER
        self._refused: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._tick = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._slot_of = partial(Slot, self._acquire, self._release)  # thousands share the two methods

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot from before sending until the answer is in; see :class:`~meltingspot_async.RateLimiter`.

        :param deadline: time of ``loop.time()`` until which to wait; ``None`` waits for its turn.
        :raises DeadlineExceededError: as soon as it is known that the slot would come too late; and when the
            deadline passes.
        :raises QuotaExhaustedError: when the slot is farther away than ``patience`` allows.
        """
        return self._slot_of(priority, deadline)

    @abstractmethod
    def _report(self, *, is_due: bool = False) -> None:
        """Take the steps that are needed, and heed the replies."""

    def _take(self, priority: Priority) -> bool:
        """Take a slot without a step, where that is possible."""
        return False

    async def _acquire(self, slot: Slot) -> None:
        """Wait for a slot."""
        slot.loop = loop = self._use_running_loop()
        slot.arrival = next(self._arrivals)
        if not self._take(slot.priority):
            waiter, timer = self._queue(slot), None
            if slot.deadline is not None:
                timer = loop.call_at(slot.deadline, self._expire, waiter, slot, slot.deadline - loop.time())
            try:
                refusal = await waiter
            except asyncio.CancelledError:
                self._leave(waiter, slot.priority)
                raise
            finally:
                if timer is not None:
                    timer.cancel()
            if refusal is not None:
                raise refusal
        slot.pauses, self._taken_at = self._last.pauses, loop.time()

    def _queue(self, slot: Slot) -> Waiter:
        """Let somebody wait for a slot, and see if it need not, or has no chance."""
        waiter: Waiter = slot.loop.create_future()
        lane, deadline = self._lanes.of(slot.priority), slot.deadline
        task = asyncio.current_task()
        assert task is not None
        if task in self._refused:
            slot.arrival = self._refused.pop(task)
            lane.add_again(waiter, deadline, slot.arrival)
        else:
            lane.add(waiter, deadline)
        self._report()
        if deadline is not None and not waiter.done() and self._knows_queue(slot.priority):
            self._refuse_if_late(self._lanes.last(slot.priority, waiter, deadline))
        return waiter

    def _expire(self, waiter: Waiter, slot: Slot, seconds: float) -> None:
        """Refuse a waiter whose deadline passes, so many seconds after it came, unless it has just got its slot."""
        if not waiter.done():
            self._lanes.of(slot.priority).remove(waiter)
            wait = max(0.0, self._free_at(slot.priority, 0) - self._time())
            waiter.set_result(DeadlineExceededError(wait, seconds))
            self._report()

    def _leave(self, waiter: Waiter, priority: Priority) -> None:
        """Forget a waiter, and give back the slot that it may have been given already."""
        self._lanes.of(priority).remove(waiter)
        if waiter.done() and not waiter.cancelled() and waiter.result() is None:
            self._held -= 1
        self._report()

    def _release(self, taken: Slot, error: BaseException | None) -> None:
        """Give back a slot whose block ended with ``error``, or without one."""
        if taken.loop is not self._loop:
            return  # it has been counted as given up
        self._held -= 1
        outcome, unreported = SlotOutcome.of(error), self._unreported
        if taken.loop.is_closed():
            unreported.give_up(1, taken.loop.time())
            return
        unreported.answered += outcome is SlotOutcome.ANSWERED
        if outcome is SlotOutcome.GIVEN_UP:
            unreported.give_up(1, taken.loop.time())
        if isinstance(error, RateLimitError) and error.pause is not None:
            self._heed_refusal(taken, error, error.pause)
        self._report()

    def _heed_refusal(self, taken: Slot, refusal: RateLimitError, pause: float) -> None:
        """Note a 429, and the place in the queue of the one who got it."""
        pause = min(pause, MAX_PAUSE if refusal.retry_after is not None else self._shortest)
        self._unreported.add(Unreported(refused=1, paused_until=self._time() + pause, after=taken.pauses))
        refusal.pause = None  # the limiter keeps it
        task = asyncio.current_task()
        assert task is not None
        self._refused[task] = taken.arrival

    def _has_to_report(self) -> bool:
        known = self._last
        waits = bool(self._lanes.pages), bool(self._lanes.batches)
        return bool(self._unreported) or (known.held, known.pages, known.batches) != (self._held, *waits)

    def _statement(self, stated: Unreported, process: str = "", unit: float = 1.0) -> Statement:
        """What is reported in a step."""
        now, step = self._time(), float(unit > 1)
        pause = max(0.0, stated.paused_until - now) if stated.refused else 0.0
        given_up_for = stated.given_up_for(now)
        return Statement(
            process,
            0,
            self._held,
            len(self._lanes.pages),
            len(self._lanes.batches),
            round_up(self._patience * unit, step),
            stated.answered,
            stated.given_up,
            given_up_for if step == 0 else math.floor(given_up_for * unit),
            stated.refused,
            round_up(pause * unit, step),
            stated.after,
        )

    def _heed(self, said: Statement, reply: Reply, unit: float = 1.0) -> None:
        """Hand out the slots that the store gave, and refuse those who get none in time."""
        now, before, lanes = self._time(), self._last, self._lanes
        self._held += lanes.pages.resolve(reply.pages, lambda: None)
        self._held += lanes.batches.resolve(reply.batches, lambda: None)
        # If its waiter was cancelled meanwhile, a slot is in the store's count, and not in what the next step states.
        if reply.is_conflict:
            lanes.refuse(lambda: UsageError(_CONFLICT))
        closed = reply.pages_closed_for > 0, reply.batches_closed_for > 0
        self._last = last = LastStep(
            said.held + reply.pages + reply.batches,
            said.pages > reply.pages and not closed[0],
            said.batches > reply.batches and not closed[1],
            now + reply.free_in / unit,
            now + reply.due_in / unit,
            reply.pauses,
        )
        if closed[0]:
            lanes.pages.refuse(lambda: QuotaExhaustedError(reply.pages_closed_for / unit))
        if closed[1]:
            closed_for = reply.batches_closed_for / unit
            lanes.batches.refuse(lambda: QuotaExhaustedError(closed_for, bulk_only=not closed[0]))
        known = before.pages, before.batches, before.pauses
        if (last.pages or last.batches) and known != (last.pages, last.batches, last.pauses):
            for place in self._lanes.places_with_deadline():
                self._refuse_if_late(place)

    def _knows_queue(self, priority: Priority) -> bool:
        """Whether the store has said when those who wait before a newcomer get their slots."""
        return self._last.pages or (self._last.batches and priority is Priority.BULK)

    def _refuse_if_late(self, place: Place) -> None:
        """Refuse a waiter whose slot cannot be free by its deadline.

        Within one window from now, only slots come free whose time is known. Later than that, those before it may have
        left the queue at their own deadlines, because an answer was slow: then only the others count as before it.
        """
        now, deadline = self._time(), place.deadline
        free_at = self._free_at(place.priority, place.ahead)
        if deadline is None or free_at <= deadline:
            return
        if deadline >= now + self._shortest and self._free_at(place.priority, place.staying) <= deadline:
            return
        if not place.waiter.done():
            self._lanes.of(place.priority).remove(place.waiter)
            place.waiter.set_result(DeadlineExceededError(free_at - now, max(0.0, deadline - now)))

    def _free_at(self, priority: Priority, ahead: int) -> float:
        """When, at the earliest, a slot is free for the one who has so many before it; in time of the loop."""
        return self._last.free_at + max(ahead // limit.requests * limit.per for limit in self._limits)

    def _next_at(self) -> float:
        """When the next step is due."""
        return self._last.due_at

    def _sleep(self) -> None:
        """Wake when the next step is due, or at an earlier time that was asked for before."""
        assert self._loop is not None
        when = self._next_at() + self._tick
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
            self._timer = None
        if when < NEVER:
            self._timer = self._loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._next_at() <= self._time():
            self._report(is_due=True)
        else:
            self._sleep()

    def _time(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _use_running_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._pid != os.getpid():
            self._begin(loop)
        return loop

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve another loop. What was in flight on the one before, which is closed, counts as given up.

        When that loop was closed, nobody can tell: it counts from the last time that a slot was taken on it.
        """
        forked = self._pid not in (0, os.getpid())
        if self._loop is not None and not self._loop.is_closed() and not forked:
            raise UsageError(
                "This limiter is in use on another event loop. Make one limiter for each loop: in one process, give "
                "each a part of the allowance, or share it in a file or in Redis (with a redis client for each loop)."
            )
        if self._held:
            self._unreported.give_up(self._held, self._taken_at)
        if forked:
            self._unreported = Unreported()  # what the parent holds is the parent's
        self._held, self._last, self._timer = 0, LastStep(pauses=self._last.pauses), None
        self._lanes = Lanes(self._rules.max_passed_over)
        self._loop, self._pid = loop, os.getpid()
        # The standard library's loops know how fine their clock is; uvloop, which counts milliseconds, does not say.
        tick: float = getattr(loop, "_clock_resolution", 0.001)
        self._tick = tick if tick > COARSE else 0.0

"""The limiter of one process: it keeps the rate limit as the service counts it, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import attrs

from ._decision import count, decide, take_page
from ._limits import RateLimit
from ._protocol import Priority
from ._queueing import QueueingLimiter
from ._reports import Unreported
from ._rules import rules_of
from ._state import State


class SlidingWindowLimiter(QueueingLimiter):
    """Keeps every limit at once, for all requests of one key in one process.

    A slot of a limit of N requests per W seconds is held from before its request is sent until W seconds
    after its answer was in. The service receives the request somewhere in between: taken <= received <=
    answered. Suppose it received N + 1 requests within one window; the slot taken last among them was taken
    before its own request was received, hence less than W seconds after any other of them was received. Each
    of those others was answered no earlier than it was received, so at that moment its slot was still held.
    Then N + 1 slots were held at once, and there are only N: it cannot happen, however long requests travel.

    A request that was given up counts as answered 10 seconds later, the longest it is assumed to
    travel on; the slot of one that never left is free at once, since no window contains it.

    Slots go to interactive waiters first and, within a priority, in order of arrival; each slot that comes free wakes
    one waiter. Bulk requests leave the ``reserve`` free, and of a limit shorter than an hour they take their slots at
    a steady pace, so that a page never waits for a batch. What other programs use of the key is learned from its 429s.

    :param limits: the limits to keep, all at once.
    :param patience: seconds a caller waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.
    :param reserve: the share of each limit, rounded up to whole requests, that bulk requests leave to interactive
        ones. With 0 they take whatever is free, as fast as it is.

    Time is the event loop's monotonic clock. A limiter serves one loop at a time.
    """

    def __init__(self, limits: Iterable[RateLimit], *, patience: float = 60.0, reserve: float = 0.05) -> None:
        limits = tuple(limits)
        super().__init__(limits, rules_of(limits, reserve=reserve), patience)
        self._state = State.new(self._rules)
        self._steps = 0

    def free(self) -> dict[RateLimit, int]:
        """How many slots of each limit are free at this moment."""
        self._use_running_loop()
        return dict(zip(self._limits, self._step(), strict=True))

    def _take(self, priority: Priority) -> bool:
        if priority is Priority.BULK or self._lanes or not take_page(self._state, self._held, self._time()):
            return False
        self._held += 1
        self._last.held += 1
        return True

    def _report(self, *, is_due: bool = False) -> None:
        if self._only_ended() and not is_due:
            self._count()
            is_due = bool(self._lanes) and self._may_be_used_up()
            if not is_due:
                return
        while is_due or self._has_to_report():
            is_due = False
            self._step()
        self._sleep()

    def _only_ended(self) -> bool:
        """Whether nothing happened but that requests ended, which frees no slot before a window is over."""
        ended, known, lanes = self._unreported, self._last, self._lanes
        if ended.refused:
            return False
        return not lanes or (
            known.held - self._held == ended.answered + ended.given_up
            and known.pages == bool(lanes.pages)
            and known.batches == bool(lanes.batches)
            and not self._state.in_doubt
        )

    def _may_be_used_up(self) -> bool:
        """Whether those who wait may have to learn that an allowance is used up."""
        windows = self._state.windows
        return any(w.rule.is_allowance and w.free(self._held) <= w.reserve for w in windows)

    def _count(self) -> None:
        """Count what became of requests, and take no step."""
        now, ended = self._time(), self._unreported
        self._state.tick(now)
        count(self._state, self._rules, ended.answered, ended.given_up, ended.given_up_for(now))
        ended.answered = ended.given_up = 0
        last, lanes = self._last, self._lanes
        last.held, last.pages, last.batches = self._held, bool(lanes.pages), bool(lanes.batches)

    def _step(self) -> list[int]:
        """Take a step; returns the free slots of each limit."""
        self._steps += 1
        stated, self._unreported = self._unreported, Unreported()
        said = self._statement(stated)
        said.step = self._steps
        reply = decide(self._state, self._rules, said, self._time())
        assert reply is not None
        self._heed(said, reply)
        return reply.free

    def _free_at(self, priority: Priority, ahead: int) -> float:
        state, now = self._state, self._time()
        slots = [window.free_at(ahead + 1, self._held, state.now) for window in state.windows]
        return now + max(0.0, state.paused_until - state.now, *(at - state.now for at in slots))

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        super()._begin(loop)
        self._rules = attrs.evolve(self._rules, rounding=self._tick)
        self._count()

"""The limiter of one process: it keeps the rate limit as the service counts it.

The service counts requests when they *arrive*; we only know when we sent one and when its answer was in.
A request arrives somewhere between these two moments, so a slot is treated as used for that whole span and
for one window more. Why that is enough stands in the docstring of :class:`SlidingWindowLimiter`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType

import attrs

from .._validation import require_not_negative
from ..errors import (
    DeadlineExceededError,
    MeltingSpotError,
    QuotaExhaustedError,
    RateLimitError,
    UsageError,
)
from ._protocol import GIVEN_UP_MARGIN, Priority, SlotOutcome
from ._queue import MAX_PASSED_OVER, Queue, Waiter
from ._window import RateLimit, Window


class SlidingWindowLimiter:
    """Keeps every limit at once, for all requests of one key in one process.

    A slot of a limit of N requests per W seconds is held from before its request is sent until W seconds
    after its answer was in. The service receives the request somewhere in between: taken <= received <=
    answered. Suppose it received N + 1 requests within one window; the slot taken last among them was taken
    before its own request was received, hence less than W seconds after any other of them was received. Each
    of those others was answered no earlier than it was received, so at that moment its slot was still held.
    Then N + 1 slots were held at once, and there are only N: it cannot happen, however long requests travel.

    A request that was given up counts as answered ``GIVEN_UP_MARGIN`` seconds later, the longest it is assumed to
    travel on; the slot of one that never left is free at once, since no window contains it.

    Slots go to interactive waiters first and, within a priority, in order of arrival; each slot that comes
    free wakes one waiter. Taking, waiting for and giving back a slot costs O(log n); only a 429 looks at
    every waiter, once.

    :param limits: the limits to keep, all at once.
    :param patience: seconds a caller waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.

    Time is the event loop's monotonic clock. A limiter serves one loop at a time.
    """

    def __init__(self, limits: Iterable[RateLimit], *, patience: float = 60.0) -> None:
        self._windows = [Window(limit) for limit in limits]
        if not self._windows:
            raise UsageError("SlidingWindowLimiter needs at least one RateLimit.")
        require_not_negative("patience", patience)
        self._patience = patience
        self._interactive: Queue = OrderedDict()
        self._bulk: Queue = OrderedDict()
        self._in_flight = 0
        self._passed_over = 0
        self._paused_until = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot from before sending until the answer is in; see :class:`RateLimiter`.

        :param deadline: time of ``loop.time()`` until which to wait; ``None`` waits for its turn.
        :raises DeadlineExceededError: at once when, as the queue stands, the slot would come too late; and
            when the deadline passes.
        :raises QuotaExhaustedError: when the slot is farther away than ``patience`` allows.
        """
        return _Slot(partial(self._acquire, priority, deadline), self._release)

    def free(self) -> dict[RateLimit, int]:
        """How many slots of each limit are free at this moment."""
        now = self._use_running_loop().time()
        return {window.limit: window.free(now, self._in_flight) for window in self._windows}

    async def _acquire(self, priority: Priority, deadline: float | None) -> None:
        now = self._use_running_loop().time()
        queue = self._bulk if priority is Priority.BULK else self._interactive
        ahead = len(self._interactive) + (len(self._bulk) if queue is self._bulk else 0)
        free_at = self._free_at(now, ahead)
        if free_at <= now:
            self._in_flight += 1
            return
        if self._exhausted_until(now) is None and deadline is not None and free_at > deadline:
            raise DeadlineExceededError(free_at - now, max(0.0, deadline - now))
        await self._wait_in(queue, deadline)

    async def _wait_in(self, queue: Queue, deadline: float | None) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        waiter: Waiter = loop.create_future()
        queue[waiter] = deadline
        self._hand_out()
        try:
            async with asyncio.timeout_at(deadline):
                refusal = await waiter
        except asyncio.CancelledError:  # also if the deadline passes in the same turn
            self._leave(queue, waiter)
            raise
        except TimeoutError:
            self._leave(queue, waiter)
            assert deadline is not None
            wait = max(0.0, self._free_at(deadline, 0) - deadline)
            raise DeadlineExceededError(wait, deadline - started) from None
        if refusal is not None:
            raise refusal

    def _leave(self, queue: Queue, waiter: Waiter) -> None:
        """Forget a waiter, and pass on the slot that it may have been given already."""
        queue.pop(waiter, None)
        if waiter.done() and not waiter.cancelled() and waiter.result() is None:
            self._in_flight -= 1
        self._hand_out()

    def _release(self, error: BaseException | None) -> None:
        """Give back a slot whose block ended with ``error``, or without one."""
        self._in_flight -= 1
        now = self._time()
        outcome = SlotOutcome.of(error)
        if outcome is not SlotOutcome.UNSENT:
            for window in self._windows:
                window.cool(now if outcome is SlotOutcome.ANSWERED else now + GIVEN_UP_MARGIN)
        if isinstance(error, RateLimitError) and error.pause is not None:
            self._pause_until(now + error.pause)
        self._hand_out()

    def _pause_until(self, when: float) -> None:
        """Pause the whole key, and refuse those who cannot wait that long."""
        self._paused_until = max(self._paused_until, when)
        now = self._time()
        for queue in (self._interactive, self._bulk):
            hopeless = [(w, d) for w, d in queue.items() if d is not None and d < self._paused_until]
            for waiter, deadline in hopeless:
                wait = self._paused_until - now
                self._refuse(queue, waiter, DeadlineExceededError(wait, max(0.0, deadline - now)))

    def _hand_out(self) -> None:
        """Give every free slot to the waiter whose turn it is, and set the timer for the next one."""
        now = self._time()
        exhausted_until = self._exhausted_until(now)
        while self._interactive or self._bulk:
            queue = self._next_queue()
            waiter = next(iter(queue))
            if waiter.cancelled():
                del queue[waiter]
            elif exhausted_until is not None:
                self._refuse(queue, waiter, QuotaExhaustedError(exhausted_until - now))
            elif (free_at := self._free_at(now, 0)) <= now:
                self._passed_over = self._passed_over + 1 if self._bulk and queue is not self._bulk else 0
                self._in_flight += 1
                del queue[waiter]
                waiter.set_result(None)
            else:
                self._wake_at(free_at)
                return

    def _next_queue(self) -> Queue:
        bulk_first = self._bulk and self._passed_over >= MAX_PASSED_OVER
        return self._interactive if self._interactive and not bulk_first else self._bulk

    @staticmethod
    def _refuse(queue: Queue, waiter: Waiter, reason: MeltingSpotError) -> None:
        del queue[waiter]
        if not waiter.cancelled():
            waiter.set_result(reason)

    def _wake_at(self, when: float) -> None:
        # `when` is a lower bound that never moves closer, so a timer already set is early enough.
        if self._timer is None:
            assert self._loop is not None
            self._timer = self._loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._hand_out()

    def _free_at(self, now: float, ahead: int) -> float:
        """When, at the earliest, a slot comes free for one who has ``ahead`` others before it."""
        return max(self._paused_until, *(w.free_at(now, self._in_flight, ahead) for w in self._windows))

    def _exhausted_until(self, now: float) -> float | None:
        """When the key can be used again, if that is farther away than anyone should wait."""
        allowances = [w.cooling[0] for w in self._windows if w.is_used_up_allowance(now)]
        until = max(self._paused_until, *allowances, now)
        return until if until - now > self._patience else None

    def _time(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _use_running_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise UsageError(
                    "This limiter is in use on another event loop. Make one limiter per loop, and give each a "
                    "part of the allowance."
                )
            self._loop, self._timer = loop, None
            self._interactive.clear()
            self._bulk.clear()
        return loop


@attrs.frozen
class _Slot:
    acquire: Callable[[], Awaitable[None]]
    release: Callable[[BaseException | None], None]

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release(error)

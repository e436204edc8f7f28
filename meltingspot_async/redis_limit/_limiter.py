"""One limit for many processes and machines, kept in Redis (extra ``redis``).

One script, ``_step.lua``, which Redis runs as a whole or not at all, decides what is counted, and for how long. This
module reports to it what happened in this process, and hands out the slots it gives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Self

from .._validation import is_number, require_not_negative
from ..errors import (
    DeadlineExceededError,
    LimiterUnavailableError,
    MeltingSpotError,
    QuotaExhaustedError,
    RateLimitError,
    UsageError,
)
from ..events import logger
from ..rate_limit import Priority, RateLimit, RateLimiter
from ..rate_limit._protocol import GIVEN_UP_MARGIN, SlotOutcome
from ..rate_limit._queue import MAX_PASSED_OVER, Queue, Waiter
from ..rate_limit._window import DAY
from ._allowance import redis_keys, strictest
from ._script import STEP_TIMEOUT, RedisCommands, Script, connect
from ._statement import NEVER, LastStep, Unreported
from ._waiters import Waiters

GRACE = 1.0
"""Seconds after which others no longer wait for a process that did not take its step when it was due."""

LOCAL_FOR = 5.0
"""Seconds for which a limiter with a fallback does not ask Redis again after it failed."""

RENEWALS = 4
"""Renewals of a lease before it could end. The script relies only on one within each third of it: the difference
is for a busy loop."""


class RedisSlidingWindowLimiter:
    """Keeps every limit at once, for all requests of one key in every process that gives the same ``key``.

    A slot is held, as in :class:`~meltingspot_async.SlidingWindowLimiter` and with the same proof, from before its
    request is sent until a window after its answer was in; the count of slots held is in Redis, read and changed by
    one script in one piece, on Redis's clock, which the script keeps from going back. Every step of a process states
    how many slots it has in flight, so that an answer that got lost, or a command that was sent twice or arrives late,
    changes nothing: the next step frees what it took. An outcome is reported after it happened, and counted from then
    on: later than it happened, never earlier. A process that reports nothing for a ``lease`` is dead: alive, it would
    have renewed it within a third, so its requests have arrived ``GIVEN_UP_MARGIN`` after that, and count as answered
    then. Waiting processes learn when their next step is due, each for another slot, and sleep until then.

    The proof does not cover a process that is suspended, or cut off from Redis, for longer than its lease while a
    request of its own is still on the way. A Redis that is restarted empty has forgotten the slots that cooled: it
    counts one window anew, a day's allowance too. Processes state again what they have in flight.

    A slot costs one command to take and one to give back, several at once share theirs, and waiting costs about one
    more; the script looks at every process that holds slots or waits.

    :param redis: a ``redis.asyncio.Redis`` or ``RedisCluster`` of the running loop. It is not closed.
    :param limits: the limits to keep, all at once; the same in every process.
    :param key: names the allowance: the same for all who share it. Redis shows it, so it must not be the API key.
    :param patience: seconds a caller waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.
    :param lease: seconds after which the slots of a process that was killed are free again (those of a window
        that is longer, a window after). At least 15; the same in every process.
    :param fallback: a limiter of this process alone, with this process's share of the limits, to use while Redis
        fails. By default requests fail with :class:`~meltingspot_async.LimiterUnavailableError`. In the window in
        which Redis fails or recovers, what Redis gave and the shares can add up.

    Call :meth:`aclose` before the redis client is closed. A limiter serves one loop at a time.
    """

    def __init__(
        self,
        redis: RedisCommands,
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> None:
        kept = strictest(limits)
        keys = redis_keys(key, kept)
        require_not_negative("patience", patience)
        if not is_number(lease) or lease < 1.5 * GIVEN_UP_MARGIN:
            raise UsageError(
                f"lease must be a number of seconds, {1.5 * GIVEN_UP_MARGIN:g} or above, not {lease!r}."
            )
        self._redis = redis
        self._owns_redis = False
        self._lease = lease
        self._fallback = fallback
        rules = [patience, lease, GIVEN_UP_MARGIN, MAX_PASSED_OVER, GRACE]
        for limit in kept:
            rules += [limit.requests, limit.per, int(limit.per >= DAY)]
        self._script = Script(redis, keys, rules, min(STEP_TIMEOUT, lease / 3))
        self._waiters = Waiters(kept)
        self._held = 0
        self._unreported = Unreported()
        self._last = LastStep()
        self._local_until = -NEVER
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reporting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_url(
        cls,
        url: str,
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> Self:
        """A limiter with a redis client of its own, which :meth:`aclose` closes.

        :param url: as ``redis.asyncio.Redis.from_url`` takes it: ``redis://``, ``rediss://`` or ``unix://``.
            The other parameters are those of the class.
        :raises UsageError: for a text that is not a Redis URL, which is not repeated: it can hold a password.
        """
        limiter = cls(connect(url), limits, key=key, patience=patience, lease=lease, fallback=fallback)
        limiter._owns_redis = True
        return limiter

    @asynccontextmanager
    async def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AsyncGenerator[None]:
        """Hold a slot from before sending until the answer is in; see
        :class:`~meltingspot_async.RateLimiter`.

        :param deadline: time of ``loop.time()`` until which to wait; ``None`` waits for its turn.
        :raises DeadlineExceededError: as soon as it is known that the slot would come too late; and when the
            deadline passes.
        :raises QuotaExhaustedError: when the slot is farther away than ``patience`` allows.
        :raises LimiterUnavailableError: when Redis did not answer, within 2 s, and there is no fallback.
        """
        refusal = await self._acquire(priority, deadline)
        if refusal is not None:
            if self._fallback is None or not isinstance(refusal, LimiterUnavailableError):
                raise refusal
            async with self._fallback.slot(priority, deadline):
                yield
            return
        try:
            yield
        except BaseException as error:
            self._release(error)
            raise
        self._release(None)

    async def aclose(self) -> None:
        """Report to Redis what it does not know yet. A redis client that was given stays open. May be called twice."""
        self._use_running_loop()
        self._report()
        if self._reporting is not None:
            await asyncio.wait([self._reporting])
        if self._owns_redis:
            await self._redis.aclose()

    async def _acquire(self, priority: Priority, deadline: float | None) -> MeltingSpotError | None:
        """Wait for a slot: ``None`` when it is taken, else the reason why there is no slot."""
        loop = self._use_running_loop()
        started = loop.time()
        if started < self._local_until:
            return LimiterUnavailableError("it failed a moment ago")
        waiter: Waiter = loop.create_future()
        queue, ahead = self._waiters.lane(priority), self._waiters.ahead(priority)
        queue[waiter] = deadline
        if deadline is not None:
            self._waiters.with_deadline += 1
            if self._last.interactive or (self._last.bulk and priority is Priority.BULK):
                self._waiters.refuse_if_late(queue, waiter, ahead, self._last.free_at, started)
        self._report()
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except asyncio.CancelledError:  # also if the deadline passes in the same turn
            self._leave(queue, waiter)
            raise
        except TimeoutError:
            self._leave(queue, waiter)
            assert deadline is not None
            return DeadlineExceededError(max(0.0, self._last.free_at - deadline), deadline - started)
        finally:
            self._waiters.with_deadline -= deadline is not None

    def _leave(self, queue: Queue, waiter: Waiter) -> None:
        """Forget a waiter, and give back the slot that it may have been given already."""
        queue.pop(waiter, None)
        if waiter.done() and not waiter.cancelled() and waiter.result() is None:
            self._held -= 1
        self._report()

    def _release(self, error: BaseException | None) -> None:
        """Give back a slot whose block ended with ``error``, or without one."""
        self._held -= 1
        outcome = SlotOutcome.of(error)
        self._unreported.answered += outcome is SlotOutcome.ANSWERED
        self._unreported.given_up += outcome is SlotOutcome.GIVEN_UP
        if isinstance(error, RateLimitError) and error.pause is not None:
            self._unreported.paused_until = max(self._unreported.paused_until, self._time() + error.pause)
        self._report()

    def _report(self) -> None:
        """Have everything reported, by the one task that talks to Redis."""
        if self._reporting is None and self._has_to_report():
            assert self._loop is not None
            self._reporting = self._loop.create_task(self._report_all())

    def _has_to_report(self) -> bool:
        known = self._last
        stated = (known.held, known.interactive, known.bulk)
        return (
            self._unreported.answered + self._unreported.given_up > 0
            or stated != (self._held, bool(self._waiters.interactive), bool(self._waiters.bulk))
            or known.next_at <= self._time()
        )

    async def _report_all(self) -> None:
        try:
            while self._has_to_report():
                await self._step()
        except LimiterUnavailableError as failure:
            self._fail(failure.reason)
        except Exception as failure:  # noqa: BLE001 - whatever it is, all who wait get it
            self._fail(type(failure).__name__)
        finally:
            self._reporting = None
        self._wake_at(self._last.next_at)

    async def _step(self) -> None:
        """Report what there is to report, and hand out the slots given."""
        stated, self._unreported = self._unreported, Unreported()
        held, interactive, bulk = self._held, len(self._waiters.interactive), len(self._waiters.bulk)
        begun = self._time()
        pause = max(0.0, stated.paused_until - begun)
        try:
            for_pages, for_batches, due_in, exhausted = await self._script.step(
                held, interactive, bulk, stated.answered, stated.given_up, pause
            )
        except BaseException:  # even a cancelled step must not lose outcomes: the next one reports them again
            self._unreported.add(stated)  # at worst Redis counts them twice, which is safe
            raise
        now = self._time()
        self._held += self._waiters.hand_out(for_pages, for_batches)
        # If its waiter was cancelled meanwhile, a slot is in Redis's count and not in ours: the next step states ours.
        held += for_pages + for_batches
        renewal = begun + self._lease / RENEWALS if held else NEVER
        due_at = now + due_in / 1e6 if due_in else None
        self._last = LastStep.of(held, interactive > for_pages, bulk > for_batches, now, due_at, renewal)
        if exhausted:
            self._waiters.refuse_all(lambda: QuotaExhaustedError(exhausted / 1e6))
        if due_in:
            self._waiters.refuse_late(self._last.free_at, now)

    def _fail(self, reason: str) -> None:
        """Redis failed at a step: refuse all who wait for it."""
        logger.warning(
            "The limiter's Redis failed (%s): it learns later which requests ended, or their lease ends",
            reason,
        )
        now = self._time()
        self._last = LastStep(next_at=now + self._lease / RENEWALS if self._held else NEVER)
        if self._fallback is not None:
            self._local_until = now + LOCAL_FOR
        self._waiters.refuse_all(lambda: LimiterUnavailableError(reason))

    def _wake_at(self, when: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake) if when < NEVER else None

    def _wake(self) -> None:
        self._report()
        if self._reporting is None:  # a timer may be early by a tick of the clock
            self._wake_at(self._last.next_at)

    def _time(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _use_running_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise UsageError(
                    "This limiter is in use on another event loop. Make one limiter and one redis client per "
                    "loop: those of one key share its allowance."
                )
            self._loop, self._reporting, self._timer, self._last = loop, None, None, LastStep()
            self._script.begin()  # not before: a limiter may be made before a process forks
            self._waiters.clear()
        return loop

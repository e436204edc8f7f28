"""The limiter of many processes: what all of them do with the store that they share."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from .._validation import is_number
from ..errors import LimiterUnavailableError, UsageError
from ..events import logger
from ._limits import RateLimit
from ._patience import Patience
from ._protocol import GIVEN_UP_MARGIN, Priority, RateLimiter
from ._queueing import QueueingLimiter
from ._reports import LastStep, Unreported
from ._rules import OUTLOOK, rules_of
from ._slot import Slot
from ._state import Reply, Rules, Statement
from ._window import NEVER

UNIT = 1e6
"""Units of a shared store's time in a second: whole microseconds, which every store computes alike."""

STEPS = 1_000
"""A window's used slots come free in so many steps, so that the store stays small."""

STORE_TIMEOUT = 1.5
"""Seconds that the store has for one step, reconnecting included."""

SOONEST = 1_000
"""Microseconds before a step at the earliest, where the next one is due at once."""

RETRY_AFTER = 0.05
"""Seconds after which a store that could not be reached is asked again."""

LOCAL_FOR = 5.0
"""Seconds for which a limiter with a fallback does not ask its store again after it failed."""

RENEWALS = 4
"""Renewals of a lease before it could end. Others rely only on one within each third of it: the difference is for a
busy loop."""


def strictest(limits: Iterable[RateLimit]) -> list[RateLimit]:
    """One limit for each length of window: the one with the fewest requests."""
    requests: dict[float, int] = {}
    for limit in limits:
        requests[limit.per] = min(limit.requests, requests.get(limit.per, limit.requests))
    return [RateLimit(fewest, per) for per, fewest in requests.items()]


def shared_rules(
    limits: Iterable[RateLimit], *, reserve: float, lease: float, outlook: float = OUTLOOK
) -> Rules:
    """The rules of a store that processes share.

    :param limits: with one for each length of window.
    :raises UsageError: an argument cannot work.
    """
    if not is_number(lease) or lease < 1.5 * GIVEN_UP_MARGIN:
        raise UsageError(
            f"lease must be a number of seconds, {1.5 * GIVEN_UP_MARGIN:g} or above, not {lease!r}."
        )
    return rules_of(limits, reserve=reserve, unit=UNIT, steps=STEPS, lease=lease, outlook=outlook)


class StoreUnreachableError(Exception):
    """The store could not be reached; it may be tried again."""


class Store(Protocol):
    """Where the state is that processes share."""

    remedy: str
    """What to do when it does not answer."""

    async def step(self, statement: Statement) -> Reply | None:
        """What :func:`~._decision.decide` answers to a statement, at the time of the store's clock.

        :raises StoreUnreachableError: it could not be asked. It may have heard the question.
        :raises LimiterUnavailableError: it cannot be asked, and will not be if it is tried again.
        """
        ...

    async def close(self) -> None:
        """Close what was opened for it."""
        ...

    def begin(self) -> None:
        """Start on another loop, or in another process."""
        ...


class SharedLimiter(QueueingLimiter):
    """Takes its steps in a store that other processes use, too.

    One task talks to the store. While the store thinks, requests come and go; whatever happened until then is in the
    next step. What a step reported that may not have arrived is reported again: at worst it is counted twice, which is
    safe. The lease is renewed while slots are held.
    """

    def __init__(
        self,
        store: Store,
        limits: Iterable[RateLimit],
        rules: Rules,
        patience: float,
        fallback: RateLimiter | None,
    ) -> None:
        super().__init__(limits, rules, patience)
        self._store = store
        self._lease = rules.lease / UNIT
        self._fallback = fallback
        self._local_until = -NEVER
        self._renewal_at = NEVER
        self._steps = 0
        self._process = ""
        self._is_closed = False
        self._is_reporting = False
        self._reporting: asyncio.Task[None] | None = None
        self.last_free: dict[RateLimit, int] = {}
        """How many slots of each limit were free, for all who share it, at the last step of this process; for progress
        bars. Empty before the first one."""

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot from before sending until the answer is in; see
        :class:`~meltingspot_async.RateLimiter`.

        :param deadline: time of ``loop.time()`` until which to wait; ``None`` waits for its turn.
        :raises DeadlineExceededError: as soon as it is known that the slot would come too late; and when the
            deadline passes.
        :raises QuotaExhaustedError: when the slot is farther away than ``patience`` allows.
        :raises LimiterUnavailableError: when the store did not answer, within 2 s, and there is no fallback.
        :raises UsageError: other processes state other limits for the same allowance.
        """
        own = super().slot(priority, deadline)
        return (
            own if self._fallback is None else self._slot_or_fallback(own, self._fallback, priority, deadline)
        )

    @asynccontextmanager
    async def _slot_or_fallback(
        self,
        own: AbstractAsyncContextManager[None],
        fallback: RateLimiter,
        priority: Priority,
        deadline: float | None,
    ) -> AsyncGenerator[None]:
        chosen = own
        try:
            if self._use_running_loop().time() < self._local_until:
                raise LimiterUnavailableError("it failed a moment ago")
            await own.__aenter__()
        except LimiterUnavailableError:
            chosen = fallback.slot(priority, deadline)
            await chosen.__aenter__()
        try:
            yield
        except BaseException as error:
            await chosen.__aexit__(type(error), error, error.__traceback__)
            raise
        await chosen.__aexit__(None, None, None)

    async def free(self) -> dict[RateLimit, int]:
        """How many slots of each limit are free at this moment, for all who share it: one question to the store.

        :raises LimiterUnavailableError: the store did not answer.
        """
        self._use_running_loop()
        self._is_closed = False
        await self._step()
        return dict(self.last_free)

    async def aclose(self) -> None:
        """Refuse those who wait, and report to the store what it does not know yet. May be called twice."""
        self._use_running_loop()
        self._lanes.refuse(lambda: UsageError("This limiter was closed while the call waited for a slot."))
        self._report()
        if self._reporting is not None:
            await asyncio.wait([self._reporting])
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._store.close()

    async def _acquire(self, slot: Slot) -> None:
        self._is_closed = False
        await super()._acquire(slot)

    def _report(self, *, is_due: bool = False) -> None:
        """Have everything reported, by the one task that talks to the store."""
        if self._is_reporting or self._is_closed or not (is_due or self._has_to_report()):
            return
        assert self._loop is not None
        self._is_reporting = True
        task = self._loop.create_task(self._report_all())
        self._reporting = task if self._is_reporting else None  # an eager task may be done by now

    def _next_at(self) -> float:
        return min(self._last.due_at, self._renewal_at)

    async def _report_all(self) -> None:
        try:
            await self._step()
            while self._has_to_report() or self._next_at() <= self._time():
                await self._step()
        except LimiterUnavailableError as failure:
            self._fail(failure)
        except Exception as failure:  # noqa: BLE001 - whatever it is, all who wait get it
            self._fail(self._unavailable(type(failure).__name__))
        finally:
            self._is_reporting, self._reporting = False, None
        self._sleep()

    async def _step(self) -> None:
        """Report what there is to report, and hand out the slots given."""
        async with self._stepping:
            begun = self._time()
            stated, self._unreported = self._unreported, Unreported()
            said = self._statement(stated, self._process, UNIT)
            try:
                reply = await self._ask(said)
            except BaseException:  # cancelled, too: no outcome is lost, for the next step reports it again
                self._unreported.add(stated)
                raise
            if not reply.is_conflict:
                self.last_free = dict(zip(self._limits, reply.free, strict=True))
            if self._time() - begun > self._lease / 3:  # a blocked loop: what was given may be others' by now
                self._last = LastStep(held=-1, pauses=reply.pauses)
                return
            self._heed(said, reply, UNIT)
            self._renewal_at = begun + self._lease / RENEWALS if self._last.held else NEVER

    async def _ask(self, said: Statement) -> Reply:
        """The store's reply to a statement, each time in a step of its own: a late one changes nothing.

        :raises LimiterUnavailableError: the store did not reply in time.
        """
        failure = TimeoutError.__name__
        try:
            async with Patience(STORE_TIMEOUT):
                while True:
                    self._steps += 1
                    said.step = self._steps
                    try:
                        if (reply := await self._store.step(said)) is not None:
                            reply.due_in = max(reply.due_in, SOONEST)
                            return reply
                    except StoreUnreachableError as error:
                        failure = str(error)
                    await asyncio.sleep(RETRY_AFTER)
        except TimeoutError:
            raise self._unavailable(failure) from None

    def _unavailable(self, reason: str) -> LimiterUnavailableError:
        return LimiterUnavailableError(reason, self._store.remedy)

    def _fail(self, failure: LimiterUnavailableError) -> None:
        """The store failed at a step: refuse all who wait for it."""
        logger.warning(
            "The limiter's store failed (%s): it learns later which requests ended, or their lease ends",
            failure.reason,
        )
        now = self._time()
        self._last = LastStep(pauses=self._last.pauses)
        self._renewal_at = now + self._lease / RENEWALS if self._held else NEVER
        if self._fallback is not None:
            self._local_until = now + LOCAL_FOR
        self._lanes.refuse(lambda: LimiterUnavailableError(failure.reason, failure.remedy))

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._pid != os.getpid():
            self._process = uuid.uuid4().hex  # not before: a limiter may be made before a process forks
        super()._begin(loop)
        self._store.begin()
        self._stepping = asyncio.Lock()
        self._is_reporting, self._reporting, self._renewal_at = False, None, NEVER

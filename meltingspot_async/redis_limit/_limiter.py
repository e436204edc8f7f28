"""One limit for many processes and machines, kept in Redis (extra ``redis``).

What is counted, and for how long, is decided by one script, ``_step.lua``, which Redis runs as a whole or not at
all. This module says to it what happened here, and hands out what it gives.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Self

import attrs
from redis import asyncio as redis_asyncio

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
from ..rate_limit import (
    GIVEN_UP_MARGIN,
    MOST_PASSED_OVER,
    Ending,
    Priority,
    Queue,
    RateLimit,
    RateLimiter,
    Waiter,
)
from ..rate_limit._window import DAY
from ._script import STEP_TIMEOUT, Commands, Script

GRACE = 1.0
"""Seconds after which a process that did not come when told to is no longer waited for."""

LOCAL_FOR = 5.0
"""Seconds for which a limiter with a fallback leaves Redis alone after it failed."""

RENEWALS = 4
"""Times a lease is renewed before it could end. The script only counts on the first within a third of it: the
difference is for a busy loop."""

_NEVER = float("inf")
_NAME = re.compile(r"[^{}\s]+")


class RedisSlidingWindowLimiter:
    """Keeps every limit at once, for all requests of one key in every process that gives the same ``key``.

    A slot is held, as in :class:`~meltingspot_async.SlidingWindowLimiter` and with the same proof, from before its
    request is sent until a window after its answer was in; the count of slots held is in Redis, read and changed by
    one script in one piece, on Redis's clock, which the script keeps from going back. Every step of a process states
    how many slots it has in flight, so that an answer that got lost, or a command that was sent twice or comes late,
    changes nothing: what it took is free again with the next step. What ended is told after it ended, and counted
    from then on: later than it happened, never earlier. A process that says nothing for a ``lease`` is dead: alive, it
    would have renewed it within a third, so its requests have arrived ``GIVEN_UP_MARGIN`` after that, and count as
    answered then. Waiting processes are told when to come, each for another slot, and sleep until then.

    Not covered is a process that is stopped, or cut off from Redis, for longer than its lease while a request of its
    own is still on the way. When Redis is restarted empty, what cooled is forgotten: one window is counted anew, a
    day's allowance too. What is in flight is stated again.

    A slot costs one command to take and one to give back, several at once share theirs, and waiting costs about one
    more; the script looks at every process that holds slots or waits.

    :param redis: a ``redis.asyncio.Redis`` or ``RedisCluster`` of the running loop. It is not closed.
    :param limits: the limits to keep, all at once; the same in every process.
    :param key: names the allowance: the same for all who share it. It is seen in Redis, so not the API key itself.
    :param patience: seconds one waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.
    :param lease: seconds after which the slots of a process that was killed are free again (those of a window
        that is longer, a window after). At least 15; the same in every process.
    :param fallback: a limiter of this process alone to go on with while Redis fails, with this process's share of the
        limits. By default requests fail with :class:`~meltingspot_async.LimiterUnavailableError`. In the window in
        which Redis goes or comes back, what Redis gave and the shares can add up.

    Call :meth:`aclose` before the redis client is closed. A limiter serves one loop at a time.
    """

    def __init__(
        self,
        redis: Commands,
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> None:
        strictest: dict[float, int] = {}
        for limit in limits:
            strictest[limit.per] = min(limit.requests, strictest.get(limit.per, limit.requests))
        if not strictest:
            raise UsageError("RedisSlidingWindowLimiter needs at least one RateLimit.")
        if not isinstance(key, str) or not _NAME.fullmatch(key):
            raise UsageError("key must be a name without braces and white space.")
        require_not_negative("patience", patience)
        if not is_number(lease) or lease < 1.5 * GIVEN_UP_MARGIN:
            raise UsageError(
                f"lease must be a number of seconds, {1.5 * GIVEN_UP_MARGIN:g} or above, not {lease!r}."
            )
        self._redis = redis
        self._owns_redis = False
        self._limits = [RateLimit(requests, per) for per, requests in strictest.items()]
        self._lease = lease
        self._fallback = fallback
        names = ["state", *(f"cooling:{float(limit.per)}" for limit in self._limits)]
        keys = [f"meltingspot:{{{key}}}:{name}" for name in names]
        rules = [patience, lease, GIVEN_UP_MARGIN, MOST_PASSED_OVER, GRACE]
        for limit in self._limits:
            rules += [limit.requests, limit.per, int(limit.per >= DAY)]
        self._script = Script(redis, keys, rules, min(STEP_TIMEOUT, lease / 3))
        self._interactive: Queue = OrderedDict()
        self._bulk: Queue = OrderedDict()
        self._with_deadline = 0
        self._held = 0
        self._news = _News()
        self._known = _Known()
        self._local_until = -_NEVER
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_url(cls, url: str, limits: Iterable[RateLimit], *, key: str) -> Self:
        """A limiter with a redis client of its own, which :meth:`aclose` closes.

        :param url: as ``redis.asyncio.Redis.from_url`` takes it: ``redis://``, ``rediss://`` or ``unix://``.
        :raises UsageError: for a URL that is none. The URL is not repeated: it can hold a password.
        """
        try:
            redis: Commands | None = redis_asyncio.Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
        except ValueError:
            redis = None
        if redis is None:
            raise UsageError("The Redis URL is none: it starts with redis://, rediss:// or unix://.")
        limiter = cls(redis, limits, key=key)
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
        """Tell Redis what has ended and was not told yet. The redis client stays open. May be called twice."""
        self._use_running_loop()
        self._speak()
        if self._pump is not None:
            await asyncio.wait([self._pump])
        if self._owns_redis:
            await self._redis.aclose()

    async def _acquire(self, priority: Priority, deadline: float | None) -> MeltingSpotError | None:
        """Wait for a slot: ``None`` when there is one, else the reason why there will be none."""
        loop = self._use_running_loop()
        started = loop.time()
        if started < self._local_until:
            return LimiterUnavailableError("it failed a moment ago")
        waiter: Waiter = loop.create_future()
        queue = self._bulk if priority is Priority.BULK else self._interactive
        ahead = len(self._interactive) + (len(self._bulk) if queue is self._bulk else 0)
        queue[waiter] = deadline
        if deadline is not None:
            self._with_deadline += 1
            if self._known.interactive or (self._known.bulk and queue is self._bulk):
                self._refuse_if_late(queue, waiter, ahead)
        self._speak()
        until = asyncio.timeout_at(deadline)
        try:
            async with until:
                return await waiter
        except (asyncio.CancelledError, TimeoutError):
            queue.pop(waiter, None)
            if waiter.done() and not waiter.cancelled() and waiter.result() is None:
                self._held -= 1
            self._speak()
            if not until.expired() or deadline is None:
                raise
            return DeadlineExceededError(max(0.0, self._known.come_at - deadline), deadline - started)
        finally:
            self._with_deadline -= deadline is not None

    def _release(self, error: BaseException | None) -> None:
        """End a slot; ``error`` is how its block ended."""
        self._held -= 1
        ending = Ending.of(error)
        self._news.answered += ending is Ending.ANSWERED
        self._news.given_up += ending is Ending.GIVEN_UP
        if isinstance(error, RateLimitError) and error.pause is not None:
            self._news.paused_until = max(self._news.paused_until, self._time() + error.pause)
        self._speak()

    def _speak(self) -> None:
        """Have everything there is to say said, by the one task that talks to Redis."""
        if self._pump is None and self._has_news():
            assert self._loop is not None
            self._pump = self._loop.create_task(self._say_all())

    def _has_news(self) -> bool:
        known = self._known
        stated = (known.held, known.interactive, known.bulk)
        return (
            self._news.answered + self._news.given_up > 0
            or stated != (self._held, bool(self._interactive), bool(self._bulk))
            or known.next_at <= self._time()
        )

    async def _say_all(self) -> None:
        try:
            while self._has_news():
                await self._step()
        except LimiterUnavailableError as failure:
            self._fail(failure.reason)
        except Exception as failure:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._fail(type(failure).__name__)
        finally:
            self._pump = None
        self._wake_at(self._known.next_at)

    async def _step(self) -> None:
        """Say what there is to say, and hand out what is given for it."""
        news, self._news = self._news, _News()
        held, interactive, bulk = self._held, len(self._interactive), len(self._bulk)
        begun = self._time()
        pause = max(0.0, news.paused_until - begun)
        try:
            for_pages, for_batches, told, exhausted = await self._script.step(
                held, interactive, bulk, news.answered, news.given_up, pause
            )
        except BaseException:  # whatever it is: said again next time, at worst counted twice, which is safe
            self._news.add(news)
            raise
        now = self._time()
        self._held += _resolve(self._interactive, None, for_pages) + _resolve(self._bulk, None, for_batches)
        # Given to one who left meanwhile, a slot is in Redis's count and not in ours: the next step says so.
        held += for_pages + for_batches
        times = [now + told / 1e6] if told else []
        self._known = _Known(
            held,
            interactive=bool(told) and interactive > for_pages,
            bulk=bool(told) and bulk > for_batches,
            come_at=now + told / 1e6,
            next_at=min([*times, begun + self._lease / RENEWALS] if held else times, default=_NEVER),
        )
        if exhausted:
            self._refuse_all(lambda: QuotaExhaustedError(exhausted / 1e6))
        if self._with_deadline and told:
            for queue, ahead in ((self._interactive, 0), (self._bulk, len(self._interactive))):
                for place, waiter in enumerate(list(queue), ahead):
                    self._refuse_if_late(queue, waiter, place)

    def _fail(self, reason: str) -> None:
        """Redis did not take a step: nobody gets a slot of it."""
        logger.warning(
            "The limiter's Redis failed (%s): what has ended here is told later, or lapses", reason
        )
        now = self._time()
        self._known = _Known(next_at=now + self._lease / RENEWALS if self._held else _NEVER)
        if self._fallback is not None:
            self._local_until = now + LOCAL_FOR
        self._refuse_all(lambda: LimiterUnavailableError(reason))

    def _refuse_all(self, reason: Callable[[], MeltingSpotError]) -> None:
        for queue in (self._interactive, self._bulk):
            while queue:
                _resolve(queue, reason(), 1)

    def _refuse_if_late(self, queue: Queue, waiter: Waiter, ahead: int) -> None:
        """Refuse a waiter with ``ahead`` others before it if its slot cannot come by its deadline."""
        come_at = self._known.come_at + max(ahead // limit.requests * limit.per for limit in self._limits)
        deadline = queue[waiter]
        if deadline is not None and come_at > deadline and not waiter.done():
            del queue[waiter]
            now = self._time()
            waiter.set_result(DeadlineExceededError(come_at - now, max(0.0, deadline - now)))

    def _wake_at(self, when: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake) if when < _NEVER else None

    def _wake(self) -> None:
        self._speak()
        if self._pump is None:  # a timer may be early by a tick of the clock
            self._wake_at(self._known.next_at)

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
            self._loop, self._pump, self._timer, self._known = loop, None, None, _Known()
            self._script.begin()  # not before: a limiter may be made before a process forks
            self._interactive.clear()
            self._bulk.clear()
        return loop


def _resolve(queue: Queue, outcome: MeltingSpotError | None, most: int) -> int:
    """Give the first ``most`` in a queue their outcome; to how many. The cancelled are passed over."""
    given = 0
    while queue and given < most:
        waiter, _ = queue.popitem(last=False)
        if not waiter.done():
            waiter.set_result(outcome)
            given += 1
    return given


@attrs.define
class _News:
    """What ended here and Redis has not heard of."""

    answered: int = 0
    given_up: int = 0
    paused_until: float = -_NEVER

    def add(self, other: _News) -> None:
        self.answered += other.answered
        self.given_up += other.given_up
        self.paused_until = max(self.paused_until, other.paused_until)


@attrs.frozen
class _Known:
    """What Redis knows of this process since the last step, and when the next one is due."""

    held: int = 0
    interactive: bool = False
    bulk: bool = False
    come_at: float = -_NEVER
    next_at: float = _NEVER

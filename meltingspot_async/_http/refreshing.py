"""When a kept answer is given, and when a newer one is asked for.

A caller with a fresh answer gets it; one with a stale answer makes a single attempt, which it shares with everybody who
asks for the same; one with neither makes an ordinary call, with all its retries. If the single attempt fails in a way
that says nothing of the item, the stale answer is given, and from then on at once, until an answer shows that the
trouble is over. Meanwhile a refresh goes on behind, each later than the last by the back-off of the retry policy: one
at a time for trouble with the service, so that an outage is probed and not loaded, and one for each item that a 500
shows to be in trouble by itself. What is refused before it is sent (a queue too long for the deadline, a used-up
allowance) costs no time, so that each caller finds out for itself. The refreshes belong to the client, which ends them
when it is closed.

(The other way, a refresh behind for each item as soon as it expires, would give old answers while the service is well,
and would send as many requests into an outage as there are items.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

import attrs

from ..errors import (
    ApiError,
    DeadlineExceededError,
    MeltingSpotError,
    QuotaExhaustedError,
    RateLimitError,
    UsageError,
)
from ..events import Event, FreshAnswer, RefreshFailed, StaleAnswer
from .call import new_call_id
from .freshness import Freshness, Kept, KeptAnswers, Key, Trouble
from .options import OptionChanges, RequestOptions
from .retry import RETRYABLE_STATUSES

T = TypeVar("T")


@attrs.frozen
class Wanted(Generic[T]):
    """An item that somebody asks for."""

    key: Key
    path: str
    """As it may be shown."""
    options: RequestOptions
    freshness: Freshness
    ask: Callable[[OptionChanges, str], Awaitable[T]]
    """A call for it with some options changed and of a certain id, which keeps the answer."""
    sleep: Callable[[float], Awaitable[object]]
    """How a refresh waits for its time."""
    call_id: str = attrs.field(factory=new_call_id)
    """What is reported of the item is joined by it."""

    @property
    def once(self) -> OptionChanges:
        """Options of a call that ends at its first failure, a 429 included."""
        return {"retry": attrs.evolve(self.options.retry, attempts=1, max_throttled=0.0)}


class Refreshing:
    """The kept answers of a client and of its copies, and what refreshes them behind."""

    def __init__(self, report: Callable[[Event], None]) -> None:
        self.kept: KeptAnswers = KeptAnswers()
        self._report = report
        self._trouble: Trouble | None = None
        self._behind: dict[Key | None, asyncio.Task[None]] = {}
        self._closed = False

    async def get(self, wanted: Wanted[T]) -> T:
        """The item, from a kept answer or from the service."""
        kept = self._find(wanted)
        if kept is None:
            return await self._ask(wanted, {}, None)
        error = None
        if not _is_fresh(kept, wanted) and self._trouble_with(kept) is None:
            try:
                return await self._ask(wanted, wanted.once, kept)
            except MeltingSpotError as failure:
                kept = self._find(wanted)
                if kept is None or not is_failure(failure):
                    raise
                error = failure
        return self._given(wanted, kept, error)

    async def close(self) -> None:
        """End the refreshes that go on behind. None begins from now on."""
        self._closed = True
        loop = asyncio.get_running_loop()
        behind = [task for task in self._behind.values() if task.get_loop() is loop]
        for task in behind:
            task.cancel()
        if behind:
            await asyncio.wait(behind)

    def _given(self, wanted: Wanted[T], kept: Kept, error: MeltingSpotError | None) -> T:
        """A kept answer, which is reported."""
        age = kept.age(_now())
        if _is_fresh(kept, wanted):
            self._report(FreshAnswer(wanted.call_id, wanted.path, age))
        else:
            trouble = self._trouble_with(kept) or Trouble(type(error).__name__, failures=0)
            self._report(StaleAnswer(wanted.call_id, wanted.path, age, trouble.error))
            if not isinstance(error, QuotaExhaustedError):
                self._refresh_behind(wanted, kept, trouble)
        return cast("T", kept.value)

    async def _ask(self, wanted: Wanted[T], changes: OptionChanges, kept: Kept | None) -> T:
        """The item from the service."""
        try:
            value = await wanted.ask(changes, wanted.call_id)
        except MeltingSpotError as error:
            if is_failure(error):
                self._failed(error, kept)
            elif isinstance(error, ApiError):
                self._trouble = None
            raise
        self._trouble = None
        return value

    def _failed(self, error: MeltingSpotError, kept: Kept | None) -> None:
        """Remember what the next callers need not find out again."""
        if _is_refused_unsent(error):
            return
        trouble = Trouble(type(error).__name__, _asked(error))
        if kept is not None and isinstance(error, ApiError) and error.status == 500:
            kept.trouble = kept.trouble or trouble
        else:
            self._trouble = self._trouble or trouble

    def _refresh_behind(self, wanted: Wanted[T], kept: Kept, trouble: Trouble) -> None:
        """Begin a refresh, unless one is under way for the trouble that there is."""
        place = wanted.key if trouble is kept.trouble else None
        if not self._closed and place not in self._behind:
            task = asyncio.create_task(
                self._refresh(attrs.evolve(wanted, call_id=new_call_id()), kept, trouble)
            )
            self._behind[place] = task
            task.add_done_callback(lambda _: self._behind.pop(place))

    async def _refresh(self, wanted: Wanted[T], kept: Kept, trouble: Trouble) -> None:
        """Ask for a newer answer, unless one arrives before it is time to."""
        if trouble.failures:
            policy = wanted.options.retry
            wait = policy.wait(trouble.asked, trouble.failures, 1.0)
            await wanted.sleep(min(wait, max(policy.backoff_max, policy.max_retry_after)))
        if not self.kept.has(wanted.key, kept) or kept.refreshing:
            return
        kept.refreshing = trouble
        try:
            await self._ask(wanted, {**wanted.once, "deadline": None}, kept)
        except MeltingSpotError as error:
            self._report(RefreshFailed(wanted.call_id, wanted.path, type(error).__name__))
            trouble.error, trouble.asked = type(error).__name__, _asked(error)
            trouble.failures += 1
        finally:
            kept.refreshing = None

    def _find(self, wanted: Wanted[T]) -> Kept | None:
        return self.kept.find(wanted.key, wanted.freshness, _now())

    def _trouble_with(self, kept: Kept) -> Trouble | None:
        """Why no caller needs to ask for a newer answer, if so."""
        return self._trouble or kept.trouble or kept.refreshing


def is_failure(error: MeltingSpotError) -> bool:
    """Whether an error says nothing of the item that was asked for: asked again later, it may well be given."""
    if isinstance(error, ApiError):
        return error.status >= 500 or error.status in RETRYABLE_STATUSES or isinstance(error, RateLimitError)
    return not isinstance(error, UsageError)


def _is_refused_unsent(error: MeltingSpotError) -> bool:
    """Whether a call was refused at once, for its own terms, before anything was sent."""
    return isinstance(error, QuotaExhaustedError) or (
        isinstance(error, DeadlineExceededError) and error.wait_needed is not None
    )


def _asked(error: MeltingSpotError) -> float | None:
    """Seconds that the service asked to wait. (A limiter keeps those of a 429 itself.)"""
    return error.retry_after if isinstance(error, ApiError) else None


def _is_fresh(kept: Kept, wanted: Wanted[T]) -> bool:
    return kept.age(_now()) < wanted.freshness.max_age


def _now() -> float:
    return asyncio.get_running_loop().time()

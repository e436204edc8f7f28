"""One call: which attempt it is at, and what ends it early: its deadline, or the closing of its client."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType

import attrs

from .._redaction import shown_path
from ..errors import DeadlineExceededError, MeltingSpotError, UsageError
from ..rate_limit import Priority
from .options import RequestOptions


@attrs.define
class Call:
    """What the attempts of one call have in common."""

    path: str
    """Path that is asked for, as it may be shown: without the query, and with ``{id}`` for an id that is an email."""
    options: RequestOptions
    """How it is made."""
    deadline: float | None
    """Time of the loop's clock at which the seconds are over that it was given."""
    priority: Priority
    """With which it asks for slots."""
    item_id: str | None = None
    """The id that the answer must have; ``None`` if any answer will do."""
    id: str = attrs.field(kw_only=True)
    """Unique: joins what is reported of the call."""
    attempt: int = 1
    """Number of the attempt that is under way or comes next, from 1."""
    refusals: int = 0
    """How many of its attempts were refused with a 429: they cost time, and count as no failures."""
    throttled: float = 0.0
    """Seconds for which those refusals made the key pause, in all."""
    has_slot: bool = False
    """Whether an attempt is under way: it waits neither for a slot nor for the next attempt."""
    waited: float = 0.0
    """Seconds the attempt under way waited for its slot."""
    asked: int = 0
    """Number of the request of its last attempt, among all that were sent."""

    @classmethod
    def begin(
        cls, path: str, options: RequestOptions, item_id: str | None = None, call_id: str | None = None
    ) -> Call:
        """A call that begins now."""
        who, deadline = options.priority or Priority.INTERACTIVE, _from_now(options.deadline)
        return cls(shown_path(path), options, deadline, who, item_id, id=call_id or new_call_id())

    @property
    def tries(self) -> int:
        """Attempts that were not refused, the present one included."""
        return self.attempt - self.refusals

    def refused(self, pause: float) -> None:
        """Count a 429, which made the key pause for so many seconds."""
        self.attempt, self.refusals, self.throttled = (
            self.attempt + 1,
            self.refusals + 1,
            self.throttled + pause,
        )

    def progress(self) -> None:
        """Begin to count attempts and seconds anew: something useful has arrived."""
        self.attempt, self.refusals, self.throttled = 1, 0, 0.0
        self.deadline = _from_now(self.options.deadline)

    def has_time_for(self, wait: float) -> bool:
        """Whether a wait of that many seconds ends within the deadline."""
        return self.deadline is None or asyncio.get_running_loop().time() + wait <= self.deadline

    def exceeded(self, wait_needed: float | None) -> DeadlineExceededError:
        """The error of a call whose deadline does not allow a wait, or has passed (``None``)."""
        assert self.options.deadline is not None
        return DeadlineExceededError(wait_needed, self.options.deadline)

    def suits(self, theirs: Call) -> bool:
        """Whether my answer would be the same as that of their request, and as soon.

        A page does not wait in the queue of a batch: it joins a batch's request when that is under way.
        """
        is_patient = theirs.options.timeout <= self.options.timeout
        return is_patient and (
            theirs.priority is Priority.INTERACTIVE or self.priority is Priority.BULK or theirs.has_slot
        )

    def is_made_like(self, theirs: Call) -> bool:
        """Whether their request fails when mine would."""
        mine = self.options
        return self.suits(theirs) and (mine.timeout, mine.retry) == (
            theirs.options.timeout,
            theirs.options.retry,
        )

    def accepts(self, failure: BaseException | None, theirs: Call) -> bool:
        """Whether a request of mine would end like theirs, which failed or succeeded."""
        if isinstance(failure, DeadlineExceededError):
            return not self.has_time_for(failure.wait_needed or 0.0)
        return not isinstance(failure, MeltingSpotError) or self.is_made_like(theirs)

    def admit(self, other: Call) -> None:
        """Let somebody join: from the next attempt on, the more urgent of all callers decides."""
        if other.priority is Priority.INTERACTIVE:
            self.priority = other.priority


CLOSED = "This client was closed while the call was under way: close it after its calls."


class CallsUnderWay:
    """The streams of a client, which end when it is closed, wherever they wait. All other calls are ``InFlight``."""

    def __init__(self) -> None:
        self._closed = False
        self.scopes: set[Scope] = set()

    def scope(self, call: Call) -> Scope:
        """End what happens in the block when the call's deadline passes or the client is closed.

        :raises DeadlineExceededError: the deadline has passed.
        :raises UsageError: the client was closed.
        """
        return Scope(self, call)

    async def close(self) -> None:
        """End all streams of this loop, and wait until they have ended. None begins from now on."""
        self._closed = True
        loop = asyncio.get_running_loop()
        ends = [scope.end() for scope in self.scopes if scope.loop is loop]
        if ends:
            await asyncio.wait(ends)

    def check(self) -> None:
        """Refuse to go on after the client was closed."""
        if self._closed:
            raise UsageError(CLOSED)


@attrs.define(eq=False)
class Scope:
    """A block that ends with its call's deadline or its client.

    Not a generator, which would take an error of the block for its own.
    """

    _calls: CallsUnderWay
    _call: Call
    loop: asyncio.AbstractEventLoop = attrs.field(factory=asyncio.get_running_loop, init=False)
    _timeout: asyncio.Timeout = attrs.field(init=False)
    _ended: asyncio.Future[None] | None = attrs.field(default=None, init=False)

    async def __aenter__(self) -> None:
        self._calls.check()
        self._timeout = asyncio.timeout_at(self._call.deadline)
        await self._timeout.__aenter__()
        self._calls.scopes.add(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.scopes.discard(self)
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            self._calls.check()
            raise self._call.exceeded(None) from None
        finally:
            if self._ended is not None:
                self._ended.cancel()

    def end(self) -> asyncio.Future[None]:
        """End the block now; the future is done when it has ended."""
        self._ended = self._ended or self.loop.create_future()
        if not self._timeout.expired():
            self._timeout.reschedule(self.loop.time())
        return self._ended


def new_call_id() -> str:
    """An id that no other call has."""
    return os.urandom(16).hex()


def _from_now(seconds: float | None) -> float | None:
    return None if seconds is None else asyncio.get_running_loop().time() + seconds

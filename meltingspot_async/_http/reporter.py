"""Reports what happens to the log, and to whoever observes the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import attrs

from .._redaction import redacted
from ..errors import ApiError
from ..events import (
    MAX_ID,
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Coalesced,
    Drift,
    Event,
    InvalidItem,
    UnknownField,
    UnknownValue,
    logger,
)
from .call import Call

MAX_NOTICED = 1_000
"""Unknown fields and values that one client looks at: a service could make up names without end."""

MAX_LABEL = 64
"""Characters shown of an unknown name or value."""

E = TypeVar("E", bound=Event)


@attrs.define
class Outcome:
    """Reports how a call or an attempt ends: the block of it. Not a generator: thousands of calls wait in one."""

    _reporter: Reporter
    _call: Call
    _attempt: int | None = None
    """Number of the attempt; ``None`` for the whole call."""
    status: int | None = attrs.field(default=None, init=False)
    """HTTP status of a complete answer."""
    _started: float = attrs.field(init=False)

    def __enter__(self) -> Self:
        self._started = asyncio.get_running_loop().time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        error = None if kind is None else kind.__name__
        if isinstance(failure, ApiError):
            self.status = failure.status
        call, reporter = self._call, self._reporter
        duration = asyncio.get_running_loop().time() - self._started
        if self._attempt is None:
            reporter.report(CallEnded(call.id, call.path, self.status, error, duration))
        else:
            about = (call.id, call.path, reporter.base_url, self._attempt)
            reporter.report(AttemptFinished(*about, self.status, error, duration))


class Unheard:
    """The block of a call or an attempt that nobody observes, as nearly all are: they share one, and make no events."""

    status: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Report nothing."""


UNHEARD = Unheard()


@attrs.define
class Reporter:
    """Passes events on to the log, and to whoever observes the client."""

    on_event: Callable[[Event], None] | None
    base_url: str
    """The service's address."""
    secret: str = attrs.field(default="", repr=False)
    """The key, which no event shows."""
    _noticed: set[int] = attrs.field(factory=set[int], init=False)

    def report(self, event: Event) -> None:
        """Report an event, without the key and emails."""
        self._pass_on(self.shown(event))

    def _pass_on(self, event: Event) -> None:
        logger.log(event.level, "%s", event)
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception as error:  # noqa: BLE001 - the observer's fault, reported as asyncio does
                context = {"message": "on_event failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def notice(self, call_id: str, path: str, drift: Drift) -> None:
        """Report an unknown field or value in the answer to a call, unless that has been done."""
        if self._is_new(drift):
            shown = self.shown(drift)
            if shown == drift or self._is_new(shown):
                self._pass_on(attrs.evolve(shown, call_id=call_id, path=path))

    def _is_new(self, drift: Drift) -> bool:
        """Whether this is met for the first time. What is kept of it is a hash: a name can be megabytes long."""
        mark = hash(drift)
        if mark in self._noticed or len(self._noticed) == MAX_NOTICED:
            return False
        self._noticed.add(mark)
        return True

    def shown(self, event: E) -> E:
        """The same event, with texts of the service as they may be shown."""
        match event:
            case UnknownField():
                return attrs.evolve(event, field=redacted(event.field, MAX_LABEL, self.secret))
            case UnknownValue():
                return attrs.evolve(event, value=redacted(event.value, MAX_LABEL, self.secret))
            case InvalidItem(id=str(item_id)):
                return attrs.evolve(event, id=redacted(item_id, MAX_ID, self.secret))
            case _:
                return event

    def call(self, call: Call) -> Outcome | Unheard:
        """Report that a call begins with this block, and how it ended."""
        if not self._is_heard():
            return UNHEARD
        self.report(CallStarted(call.id, call.path, self.base_url))
        return Outcome(self, call)

    def joined(self, call: Call, theirs: Call) -> None:
        """Report that a call shares the request of another."""
        self.report(Coalesced(call.id, call.path, theirs.id))

    def attempt(self, call: Call) -> Outcome | Unheard:
        """Report that an attempt of a call begins with this block, and how it ended."""
        if not self._is_heard():
            return UNHEARD
        about = (call.id, call.path, self.base_url, call.attempt)
        self.report(AttemptStarted(*about, call.waited, call.priority.value))
        return Outcome(self, call, call.attempt)

    def _is_heard(self) -> bool:
        """Whether anybody learns of what goes as it should."""
        return self.on_event is not None or logger.isEnabledFor(logging.DEBUG)

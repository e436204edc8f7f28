"""Reports what happens to the log, and to whoever observes the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

import attrs

from .._redaction import redacted
from ..errors import ApiError
from ..events import (
    MAX_ID,
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallStarted,
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
    """How a call or an attempt ended."""

    status: int | None = None
    """HTTP status of a complete answer."""
    error: str | None = None
    """Name of the exception's class, if there was one."""


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

    def call(self, call: Call) -> AbstractContextManager[Outcome]:
        """Report that a call begins with this block, and how it ended."""
        self.report(CallStarted(call.id, call.path, self.base_url))

        def ended(outcome: Outcome, duration: float) -> CallEnded:
            return CallEnded(call.id, call.path, outcome.status, outcome.error, duration)

        return self._until_end(ended)

    def attempt(self, call: Call) -> AbstractContextManager[Outcome]:
        """Report that an attempt of a call begins with this block, and how it ended."""
        number, base_url = call.attempt, self.base_url
        self.report(AttemptStarted(call.id, call.path, base_url, number, call.waited, call.priority.value))

        def ended(outcome: Outcome, duration: float) -> AttemptFinished:
            return AttemptFinished(
                call.id, call.path, base_url, number, outcome.status, outcome.error, duration
            )

        return self._until_end(ended)

    @contextmanager
    def _until_end(self, ended: Callable[[Outcome, float], Event]) -> Generator[Outcome, None, None]:
        clock, outcome = asyncio.get_running_loop().time, Outcome()
        started = clock()
        try:
            yield outcome
        except BaseException as failure:
            outcome.error = type(failure).__name__
            if isinstance(failure, ApiError):
                outcome.status = failure.status
            raise
        finally:
            self.report(ended(outcome, clock() - started))

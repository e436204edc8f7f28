"""Reports what happens to the log, and to whoever observes the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

import attrs

from ..events import AttemptFinished, Drift, Event, logger

MAX_NOTICED = 1_000
"""Unknown fields and values that one client reports: a service could make up names without end."""


@attrs.define
class Outcome:
    """How an attempt ended."""

    status: int | None = None
    """HTTP status of a complete answer."""


@attrs.define
class Reporter:
    """Passes events on to the log, and to whoever observes the client."""

    on_event: Callable[[Event], None] | None
    _noticed: set[Drift] = attrs.field(factory=set[Drift], init=False)

    def report(self, event: Event) -> None:
        """Report an event."""
        logger.log(event.level, "%s", event)
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception as error:  # noqa: BLE001 - the observer's fault, reported as asyncio does
                context = {"message": "on_event failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def notice(self, drift: Drift) -> None:
        """Report an unknown field or value, unless that has been done."""
        if drift not in self._noticed and len(self._noticed) < MAX_NOTICED:
            self._noticed.add(drift)
            self.report(drift)

    @contextmanager
    def attempt(self, path: str, number: int) -> Generator[Outcome, None, None]:
        """Report how an attempt ended."""
        clock, outcome, error = asyncio.get_running_loop().time, Outcome(), None
        started = clock()
        try:
            yield outcome
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            self.report(AttemptFinished(path, number, outcome.status, error, clock() - started))

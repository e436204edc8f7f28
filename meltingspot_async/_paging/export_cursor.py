"""Which request continues an export, for a service that does not say whether it repeats an event. Pure."""

from __future__ import annotations

import attrs

from .._http.endpoint import Params
from ..errors import InvalidResponseError

DOCUMENTED_DEFAULT_LIMIT = 100
"""Events that one answer holds when the request names no ``limit`` (page of ``exportactivities`` in the API
reference). The service is trusted to give as many at once, if there are so many and ``limit`` allows.
"""

MAX_REMEMBERED = 1_000
"""Ids of past events that are remembered, to drop those events when the service repeats them."""


@attrs.define
class ExportCursor:
    """Which request comes next, and which of its events are new.

    Each request continues from the last event that had an id. The service may begin its answer with that event
    (and others of the same moment) again; they are dropped. The export ends with an answer that holds nothing
    new, or fewer events than the service is known to give at once. That number is not ``limit`` itself: a
    service that gives fewer than it was asked for has not reached its end.
    """

    path: str
    """Path of the export, for errors."""
    start: Params
    """Where the export begins, if not after an event."""
    filters: Params
    """What every request asks for."""
    limit: int
    """Events asked for at once."""
    last_id: str | None
    """Id of the event to continue from; at first that of an event which the caller has."""
    is_over: bool = attrs.field(default=False, init=False)
    """Whether the last answer was the end."""
    _recent: dict[str, None] = attrs.field(factory=dict[str, None], init=False)
    _last_had_no_id: bool = attrs.field(default=False, init=False)
    _received: int = attrs.field(default=0, init=False)
    _new: int = attrs.field(default=0, init=False)
    _given_at_once: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._given_at_once = min(self.limit, DOCUMENTED_DEFAULT_LIMIT)
        if self.last_id is not None:
            self._recent[self.last_id] = None

    def query(self) -> Params:
        """The parameters of the next request, whether it follows a whole answer or one that broke off.

        :raises InvalidResponseError: the last event had no id, so that no request can continue from it.
        """
        if self._last_had_no_id:
            raise InvalidResponseError(
                self.path, "$.id", "it is missing, and the export cannot continue without it"
            )
        self._received = self._new = 0
        if self.last_id is None:
            return {**self.start, **self.filters, "limit": self.limit}
        # With a limit of 1, an answer could hold the repeated event alone, for ever.
        return {"fromEventId": self.last_id, **self.filters, "limit": max(self.limit, 2)}

    def is_new(self, event_id: str | None) -> bool:
        """Count the next event of an answer; whether it has not been received before."""
        self._received += 1
        if event_id is None:
            self._last_had_no_id = True
        elif event_id in self._recent:
            return False
        else:
            self._last_had_no_id, self.last_id = False, event_id
            self._recent[event_id] = None
            if len(self._recent) > MAX_REMEMBERED:
                del self._recent[next(iter(self._recent))]
        self._new += 1
        return True

    def answer_ended(self) -> None:
        """Decide, at the end of a whole answer, whether it was the last."""
        self.is_over = not self._new or self._received < self._given_at_once
        self._given_at_once = max(self._given_at_once, self._received)

"""Which request continues an export, for a service that does not say whether it repeats an event. Pure."""

from __future__ import annotations

import attrs

from .._http.endpoint import Params
from ..errors import InvalidResponseError

MAX_LIMIT = 10_000
"""Events in one answer, at the most (page of ``exportactivities`` in the API reference)."""

MAX_REMEMBERED = 1_000
"""Ids of past events that are remembered, to drop those events when the service repeats them."""


@attrs.define
class ExportCursor:
    """Which request comes next, and which of its events are new.

    Each request continues from the last event that had an id. The service may begin its answer with that event
    (and others of the same moment) again; they are dropped. The export ends with a whole answer that brings nothing
    new, and with no other: a service may cut an answer short by its size, by the time it took, or before it filters.
    A full answer of which most are repeats is no end either: from then on more is asked for at once.
    """

    path: str
    """Path of the export, for errors."""
    start: Params
    """Where the export begins, if not after an event."""
    filters: Params
    """What every request asks for."""
    limit: int
    """Events to ask for at once."""
    last_id: str | None
    """Id of the event to continue from; at first that of an event which the caller has."""
    id_field: str | None = None
    """Name of the field of the id; ``None`` for the usual ones."""
    is_over: bool = attrs.field(default=False, init=False)
    """Whether the last answer was the end."""
    _recent: dict[str, None] = attrs.field(factory=dict[str, None], init=False)
    _last_had_no_id: bool = attrs.field(default=False, init=False)
    _events: int = attrs.field(default=0, init=False)
    _new: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        if self.last_id is not None:
            self._recent[self.last_id] = None

    def query(self) -> Params:
        """The parameters of the next request, whether it follows a whole answer or one that broke off.

        :raises InvalidResponseError: the last event had no id, so that no request can continue from it.
        """
        if self._last_had_no_id:
            raise InvalidResponseError(
                self.path,
                f"$.{self.id_field or 'id'}",
                "it is missing, and the export cannot continue without it; if the id of an activity has another "
                "name, give it as id_field",
            )
        self._new = self._events = 0
        start = self.start if self.last_id is None else {"fromEventId": self.last_id}
        return {**start, **self.filters, "limit": self.limit}

    def is_new(self, event_id: str | None) -> bool:
        """Count the next event of an answer; whether it has not been received before."""
        self._events += 1
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
        is_full_of_repeats = self._events >= self.limit and 2 * self._new < self._events
        if is_full_of_repeats and self.limit < MAX_LIMIT:
            self.limit = min(2 * self.limit, MAX_LIMIT)
        else:
            self.is_over = self._new == 0

"""Where an export of events goes on, for a service that does not say whether it repeats an event. Pure."""

from __future__ import annotations

import attrs

from ..errors import InvalidResponseError
from ..resources._filters import Query

SURELY_GIVEN = 100
"""Events that the service gives at once, if there are so many and ``limit`` allows: its documented default."""

REMEMBERED = 1_000
"""Ids of past events that are dropped when they come again."""


@attrs.define
class EventWalk:
    """Which request comes next, and which of its events are new.

    Each request goes on from the last event that had an id. The service may begin its answer with that event
    (and others of the same moment) again; they are dropped. The end is where an answer brings nothing new, or
    less than the service is known to give at once. That is not ``limit`` itself: a service that gives less
    than it was asked for has not come to its end.
    """

    path: str
    """Path of the export, for errors."""
    start: Query
    """Where the export begins, if not after an event."""
    filters: Query
    """What every request asks for."""
    limit: int
    """Events asked for at once."""
    last_id: str | None
    """Id of the event to go on from; at first that of an event which the caller has."""
    is_over: bool = attrs.field(default=False, init=False)
    """Whether the last answer was the end."""
    _recent: dict[str, None] = attrs.field(factory=dict[str, None], init=False)
    _is_lost: bool = attrs.field(default=False, init=False)
    _came: int = attrs.field(default=0, init=False)
    _fresh: int = attrs.field(default=0, init=False)
    _most: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._most = min(self.limit, SURELY_GIVEN)
        if self.last_id is not None:
            self._recent[self.last_id] = None

    def query(self) -> Query:
        """The parameters of the next request: of a new one, or of one that takes the place of a broken one.

        :raises InvalidResponseError: if the last events had no id, so that nothing can be gone on from.
        """
        if self._is_lost:
            raise InvalidResponseError(
                self.path, "$.id", "it is missing, and the export cannot go on without"
            )
        self._came = self._fresh = 0
        if self.last_id is None:
            return {**self.start, **self.filters, "limit": self.limit}
        # One event alone could be the one that is given again, for ever.
        return {"fromEventId": self.last_id, **self.filters, "limit": max(self.limit, 2)}

    def is_new(self, event_id: str | None) -> bool:
        """Take note of the next event; whether it has not come before."""
        self._came += 1
        if event_id is None:
            self._is_lost = True
        elif event_id in self._recent:
            return False
        else:
            self._is_lost, self.last_id = False, event_id
            self._recent[event_id] = None
            if len(self._recent) > REMEMBERED:
                del self._recent[next(iter(self._recent))]
        self._fresh += 1
        return True

    def answered(self) -> None:
        """Take note that an answer has come to its end."""
        self.is_over = not self._fresh or self._came < self._most
        self._most = max(self._most, self._came)

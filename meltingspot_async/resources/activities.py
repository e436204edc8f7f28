"""What members did."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime

from .._http.session import SessionManager
from .._paging.export_cursor import EventWalk
from ..errors import UsageError
from ..models import Activity
from ..models._converter import structure
from . import _filters as query
from ._base import Resource

PATH = "/v1/activities~export"

LARGEST_LIMIT = 10_000
"""Activities the service gives at once, at the most (page of ``exportactivities`` in the API reference)."""


class Activities(Resource):
    """``client.activities``: what the members of the Spot did."""

    def export(
        self,
        *,
        from_date: datetime | None = None,
        from_event_id: str | None = None,
        to_date: datetime | None = None,
        event_types: str | Iterable[str] | None = None,
        limit: int = LARGEST_LIMIT,
        unit: query.TimeUnit = "s",
        filters: Mapping[str, query.FilterValue] | None = None,
    ) -> AsyncGenerator[Activity, None]:
        """The activities from a date, or from after an event, on: each once, in flat memory, however many.

        ``GET /v1/activities~export`` (``exportactivities`` in the API reference): JSON Lines, read as they come,
        over as many requests as it takes. After a broken connection it goes on after the last activity that
        came. It goes after interactive requests, unless a priority was chosen by ``with_options``.

        :param from_date: begin with the activities of then.
        :param from_event_id: begin after the event of this id. Either this or ``from_date`` must be given.
        :param to_date: end with the activities of then.
        :param event_types: one :class:`~meltingspot_async.ActivityType` or several.
        :param limit: activities to ask for at once, 1 to 10,000. Default 10,000: the fewest requests.
        :param unit: what the service counts timestamps in, which is not documented: ``"s"`` (the default) or
            ``"ms"``.
        :param filters: filters that are not documented, by the service's own names.
        :raises UsageError: naming the argument that cannot be sent, before anything is.

        The iteration raises ``InvalidResponseError`` for a line that is not as documented or longer than 1 MiB,
        and if it would have to go on from an activity without an id. ``timeout`` bounds each silence of the
        service, ``deadline`` the wait for each request. To stop, ``break`` and ``aclose()`` the iterator.
        """
        if (from_date is None) == (from_event_id is None):
            raise UsageError("Give either from_date or from_event_id.")
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LARGEST_LIMIT:
            raise UsageError(f"limit must be a whole number from 1 to {LARGEST_LIMIT}, not {limit!r}.")
        walk = EventWalk(
            PATH,
            query.moment("fromDate[eq]", "from_date", from_date, unit)
            | query.text("fromEventId", "from_event_id", from_event_id),
            query.build(
                filters,
                query.moment("toDate[eq]", "to_date", to_date, unit),
                query.one_or_several("eventType", "event_types", event_types),
            ),
            limit,
            from_event_id,
        )
        return _export(self._session.in_bulk(), walk)


async def _export(session: SessionManager, walk: EventWalk) -> AsyncGenerator[Activity, None]:
    while not walk.is_over:
        async with aclosing(session.lines(walk.path, walk.query)) as lines:
            async for line in lines:
                activity = structure(line, Activity, walk.path, session.notice)
                if walk.is_new(activity.id):
                    yield activity
        walk.answered()

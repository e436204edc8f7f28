"""What members did."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from .._http.endpoint import Params
from .._http.session import SessionManager
from .._paging.export_cursor import MAX_LIMIT, ExportCursor
from ..errors import UsageError
from ..models import Activity
from ..models._converter import Notice, structure
from ..models.activity import event_id
from ..rate_limit import Priority
from . import _filters as query
from ._base import Resource

PATH = "/v1/activities~export"


class Activities(Resource):
    """``client.activities``: what the members of the Spot did."""

    def export(
        self,
        *,
        from_date: datetime | None = None,
        from_event_id: str | None = None,
        to_date: datetime | None = None,
        event_types: query.Texts | None = None,
        limit: int = MAX_LIMIT,
        unit: query.TimeUnit = "s",
        id_field: str | None = None,
        filters: query.Filters | None = None,
    ) -> AsyncGenerator[Activity, None]:
        """The activities since a date, or since an event: each once, in flat memory, however many there are.

        ``GET /v1/activities~export`` (``exportactivities`` in the API reference): JSON Lines, read as they
        arrive, over as many requests as it takes. After a broken connection the export continues behind the last
        activity received. It ends when the service, asked for what follows the last activity, answers with nothing
        new; an empty answer in the middle looks like the end. Its requests wait behind interactive ones,
        unless a priority was chosen by ``with_options``.

        :param from_date: begin with the activities of this moment.
        :param from_event_id: begin behind the event of this id. Either this or ``from_date`` must be given.
        :param to_date: end with the activities of this moment.
        :param event_types: one :class:`~meltingspot_async.ActivityType` or several.
        :param limit: activities to ask for at once, 1 to 10,000. Default 10,000: the fewest requests. More are
            asked for once an answer is full of activities that were given already.
        :param unit: what the service counts timestamps in, which is not documented: ``"s"`` (the default) or
            ``"ms"``.
        :param id_field: name of the field that is the id of an activity. Default: the one that
            :attr:`Activity.id <meltingspot_async.Activity.id>` finds.
        :param filters: filters that are not documented, by the service's own names.
        :raises UsageError: naming the argument that cannot be sent, before anything is.

        The iteration raises ``InvalidResponseError`` for a line that is not as documented or longer than 1 MiB,
        for a success other than 200, and if the export would have to continue from an activity without an id.
        ``timeout`` bounds the wait for the next line, ``deadline`` the way to the next activity, retries included;
        the time that the caller takes for an activity counts for neither. To stop, ``break`` and ``aclose()`` the
        iterator.
        """
        if (from_date is None) == (from_event_id is None):
            raise UsageError("Give either from_date or from_event_id.")
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
            raise UsageError(f"limit must be a whole number from 1 to {MAX_LIMIT}, not {limit!r}.")
        if id_field is not None and (not isinstance(id_field, str) or not id_field.strip()):
            raise UsageError('id_field must be the name of a field, such as "eventId".')
        cursor = ExportCursor(
            PATH,
            start={**query.at(unit, from_date=from_date), **query.bare(from_event_id=from_event_id)},
            filters=query.build(
                filters,
                query.at(unit, to_date=to_date),
                _of_types(event_types),
                reserved={"limit", "fromEventId", "fromDate[eq]"},
            ),
            limit=limit,
            last_id=from_event_id,
            id_field=id_field,
        )
        return _export(self._session.with_default_priority(Priority.BULK), cursor)


def _of_types(event_types: query.Texts | None) -> Params:
    """One type by ``eventType[eq]``, several by ``eventType[in]``: both are documented."""
    chosen = query.several(event_type=event_types).values()
    return {f"eventType[{'in' if ',' in str(types) else 'eq'}]": types for types in chosen}


async def _export(session: SessionManager, cursor: ExportCursor) -> AsyncGenerator[Activity, None]:
    def read(line: bytes, notice: Notice) -> Activity | None:
        activity = structure(line, Activity, PATH, notice)
        return activity if cursor.is_new(event_id(activity, cursor.id_field)) else None

    while not cursor.is_over:
        async with aclosing(session.lines(PATH, cursor.query, read)) as activities:
            async for activity in activities:
                yield activity
        cursor.answer_ended()

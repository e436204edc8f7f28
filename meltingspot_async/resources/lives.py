"""Lives: sessions that take place at a given time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import Live
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class Lives(Resource):
    """``client.lives``: the Lives of the Spot."""

    _gives = Live

    async def get(self, live_id: str) -> Live:
        """One Live: one request, or none if the same one is already under way.

        ``GET /v1/lives/{liveId}`` (``getlive`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such Live.
        """
        return await self._get(expand_path("/v1/lives/{live_id}", live_id=live_id), Live, live_id)

    def list(
        self,
        *,
        title: str | None = None,
        title_contains: str | None = None,
        status: str | None = None,
        start_date: datetime | query.Range[datetime] | None = None,
        solution: query.Texts | None = None,
        replay: bool | None = None,
        built_in_type: query.Texts | None = None,
        average_view_time: int | query.Range[int] | None = None,
        invited: int | query.Range[int] | None = None,
        registrant: int | query.Range[int] | None = None,
        attendee: int | query.Range[int] | None = None,
        attendance_rate: int | query.Range[int] | None = None,
        no_show: int | query.Range[int] | None = None,
        total_replay_view: int | query.Range[int] | None = None,
        unit: query.TimeUnit = "s",
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[Live]:
        """The Lives of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/lives`` (``listlives`` in the API reference).

        :param title: the whole title; ``title_contains`` takes a part of it.
        :param status: one :class:`~meltingspot_async.LiveStatus`.
        :param start_date: a datetime, or a :class:`~meltingspot_async.Range` of them:
            ``Range(gte=datetime(2026, 1, 1, tzinfo=UTC))``.
        :param solution: one :class:`~meltingspot_async.LiveSolution` or several.
        :param replay: with or without a replay.
        :param built_in_type: one :class:`~meltingspot_async.LiveBuiltInType` or several.
        :param average_view_time: a whole number, or a :class:`~meltingspot_async.Range` of them, in the unit of
            the service, which is not documented; likewise the other figures, ``invited`` to
            ``total_replay_view``.
        :param unit: what the service counts timestamps in, which is not documented: ``"s"`` (the default) or
            ``"ms"``.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.equal(title=title, status=status),
            query.contains(title=title_contains),
            query.times(unit, start_date=start_date),
            query.any_of(solution=solution, built_in_type=built_in_type),
            query.flags(replay=replay),
            query.numbers(
                average_view_time=average_view_time,
                invited=invited,
                registrant=registrant,
                attendee=attendee,
                attendance_rate=attendance_rate,
                no_show=no_show,
                total_replay_view=total_replay_view,
            ),
        )
        return self._list("/v1/lives", Live, chosen, **options)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[Live], None]:
        """The Lives of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/lives", Live, ids, concurrency, on_error)

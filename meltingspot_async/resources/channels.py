"""Channels: chats of many members."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import Channel, SpotMember
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class Channels(Resource):
    """``client.channels``: the channels of the Spot."""

    _gives = Channel

    async def get(self, channel_id: str) -> Channel:
        """One channel: one request, or none if the same one is already under way.

        ``GET /v1/channels/{channelId}`` (``getchannel`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such channel.
        """
        path = expand_path("/v1/channels/{channel_id}", channel_id=channel_id)
        return await self._get(path, Channel, channel_id)

    def list(
        self, *, filters: query.Filters | None = None, **options: Unpack[ListOptions]
    ) -> Listing[Channel]:
        """The channels of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/channels`` (help centre, page on the endpoints of channels). No filter is documented.

        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        return self._list("/v1/channels", Channel, query.build(filters), **options)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[Channel], None]:
        """The channels of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/channels", Channel, ids, concurrency, on_error)

    def list_members(
        self,
        channel_id: str,
        *,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[SpotMember]:
        """The members of a channel: iterate over them, or over ``.pages()``.

        ``GET /v1/channels/{channelId}/spotMembers`` (help centre, page on the endpoints of channels).

        :param emails: one email to keep, or several; likewise ``firstnames`` and ``lastnames``.
        :param registration_date_before: keep members registered before then; likewise ``registration_date_after``.
        :param unit: what the service counts timestamps in, which is not documented: ``"s"`` (the default) or
            ``"ms"``.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.several(email=emails, firstname=firstnames, lastname=lastnames),
            query.before(unit, registration_date=registration_date_before),
            query.after(unit, registration_date=registration_date_after),
        )
        path = expand_path("/v1/channels/{channel_id}/spotMembers", channel_id=channel_id)
        return self._list(path, SpotMember, chosen, **options)

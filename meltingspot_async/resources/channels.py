"""Channels: chats of many members."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import datetime

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import Channel, SpotMember
from . import _filters as query
from ._base import PAGE_SIZE, OnError, Resource


class Channels(Resource):
    """``client.channels``: the channels of the Spot."""

    async def get(self, channel_id: str) -> Channel:
        """One channel: one request, or none if the same one is already under way.

        ``GET /v1/channels/{channelId}`` (``getchannel`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such channel.
        """
        return await self._get(expand_path("/v1/channels/{channel_id}", channel_id=channel_id), Channel)

    def list(
        self, *, filters: Mapping[str, query.FilterValue] | None = None, page_size: int = PAGE_SIZE
    ) -> Listing[Channel]:
        """The channels of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/channels`` (help centre, page on the endpoints of channels). Bulk, as every list. No filter is
        documented.

        :param filters: filters that are not documented, by the service's own names.
        :param page_size: items to ask for at once. Default 100; the service may give fewer.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        return self._list("/v1/channels", Channel, query.build(filters), page_size)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[Channel], None]:
        """The channels of these ids, as they come, with as few requests as it takes.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/channels", Channel, ids, concurrency, on_error)

    def list_members(
        self,
        channel_id: str,
        *,
        emails: Iterable[str] | None = None,
        firstnames: Iterable[str] | None = None,
        lastnames: Iterable[str] | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[SpotMember]:
        """The members of a channel: iterate over them, or over ``.pages()``.

        ``GET /v1/channels/{channelId}/spotMembers`` (help centre, page on the endpoints of channels). Bulk, as
        every list.

        :param emails: emails to keep; likewise ``firstnames`` and ``lastnames``.
        :param registration_date_before: keep members registered before then; likewise ``registration_date_after``.
        :param unit: what the service counts timestamps in, which is not documented: ``"s"`` (the default) or
            ``"ms"``.
        :param filters: filters that are not documented, by the service's own names.
        :param page_size: items to ask for at once. Default 100; the service may give fewer.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.people(emails, firstnames, lastnames),
            query.registered(registration_date_before, registration_date_after, unit),
        )
        path = expand_path("/v1/channels/{channel_id}/spotMembers", channel_id=channel_id)
        return self._list(path, SpotMember, chosen, page_size)

"""Participants of Lives."""

from __future__ import annotations

from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from ..models import LiveParticipant
from . import _filters as query
from ._base import ListOptions, Resource


class LiveParticipants(Resource):
    """``client.live_participants``: who was invited to a Live, and who took part."""

    def list(
        self,
        live_id: str,
        *,
        email: str | None = None,
        email_contains: str | None = None,
        firstname: str | None = None,
        firstname_contains: str | None = None,
        lastname: str | None = None,
        lastname_contains: str | None = None,
        type: query.Texts | None = None,  # noqa: A002 - the service's own name
        status: query.Texts | None = None,
        has_replayed: bool | None = None,
        has_participated: bool | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[LiveParticipant]:
        """The participants of a Live: iterate over them, or over ``.pages()``.

        ``GET /v1/lives/{liveId}/participants`` (``listliveparticipants`` in the API reference).

        :param email: the whole email; ``email_contains`` takes a part of it. Likewise for the names.
        :param type: one :class:`~meltingspot_async.LiveParticipantType` or several.
        :param status: one :class:`~meltingspot_async.LiveParticipantStatus` or several.
        :param has_replayed: whether the replay was watched.
        :param has_participated: whether the member took part.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.equal(email=email, firstname=firstname, lastname=lastname),
            query.contains(email=email_contains, firstname=firstname_contains, lastname=lastname_contains),
            query.any_of(type=type, status=status),
            query.flags(has_replayed=has_replayed, has_participated=has_participated),
        )
        path = expand_path("/v1/lives/{live_id}/participants", live_id=live_id)
        return self._list(path, LiveParticipant, chosen, **options)

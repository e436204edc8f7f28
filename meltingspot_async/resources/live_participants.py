"""Participants of Lives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from ..models import LiveParticipant
from . import _filters as query
from ._base import PAGE_SIZE, Resource


class LiveParticipants(Resource):
    """``client.live_participants``: who was invited to a Live, and who came."""

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
        type: str | Iterable[str] | None = None,  # noqa: A002 - the service's own name
        status: str | Iterable[str] | None = None,
        has_replayed: bool | None = None,
        has_participated: bool | None = None,
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[LiveParticipant]:
        """The participants of a Live: iterate over them, or over ``.pages()``.

        ``GET /v1/lives/{liveId}/participants`` (``listliveparticipants`` in the API reference). Bulk, as every
        list.

        :param email: the whole email; ``email_contains`` takes a part of it. Likewise for the names.
        :param type: one :class:`~meltingspot_async.LiveParticipantType` or several.
        :param status: one :class:`~meltingspot_async.LiveParticipantStatus` or several.
        :param has_replayed: whether the replay was watched.
        :param has_participated: whether the member took part.
        :param filters: filters that are not documented, by the service's own names.
        :param page_size: items to ask for at once. Default 100; the service may give fewer.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.text("email[eq]", "email", email),
            query.text("email[contains]", "email_contains", email_contains),
            query.text("firstname[eq]", "firstname", firstname),
            query.text("firstname[contains]", "firstname_contains", firstname_contains),
            query.text("lastname[eq]", "lastname", lastname),
            query.text("lastname[contains]", "lastname_contains", lastname_contains),
            query.one_or_several("type", "type", type),
            query.one_or_several("status", "status", status),
            query.flag("hasReplayed[eq]", "has_replayed", has_replayed),
            query.flag("hasParticipated[eq]", "has_participated", has_participated),
        )
        path = expand_path("/v1/lives/{live_id}/participants", live_id=live_id)
        return self._list(path, LiveParticipant, chosen, page_size)

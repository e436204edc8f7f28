"""Groups of members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from ..models import Group, SpotMember
from . import _filters as query
from ._base import PAGE_SIZE, Resource


class Groups(Resource):
    """``client.groups``: the groups of the Spot."""

    def list(
        self,
        *,
        name: str | None = None,
        name_contains: str | None = None,
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[Group]:
        """The groups of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/groups`` (help centre, page on the endpoints of groups). Bulk, as every list.

        :param name: the whole name; ``name_contains`` takes a part of it.
        :param filters: filters that are not documented, by the service's own names.
        :param page_size: items to ask for at once. Default 100; the service may give fewer.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.text("name[eq]", "name", name),
            query.text("name[contains]", "name_contains", name_contains),
        )
        return self._list("/v1/groups", Group, chosen, page_size)

    def list_members(
        self,
        group_id: str,
        *,
        emails: Iterable[str] | None = None,
        firstnames: Iterable[str] | None = None,
        lastnames: Iterable[str] | None = None,
        roles: Iterable[str] | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[SpotMember]:
        """The members of a group: iterate over them, or over ``.pages()``.

        ``GET /v1/groups/{groupId}/spotMembers`` (help centre, page on the endpoints of groups). Bulk, as every list.

        :param emails: emails to keep; likewise ``firstnames`` and ``lastnames``.
        :param roles: roles to keep, each a :class:`~meltingspot_async.SpotMemberRole`.
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
            query.several("role", "roles", roles),
            query.registered(registration_date_before, registration_date_after, unit),
        )
        path = expand_path("/v1/groups/{group_id}/spotMembers", group_id=group_id)
        return self._list(path, SpotMember, chosen, page_size)

"""Groups of members."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from ..models import Group, SpotMember
from . import _filters as query
from ._base import ListOptions, Resource


class Groups(Resource):
    """``client.groups``: the groups of the Spot."""

    def list(
        self,
        *,
        name: str | None = None,
        name_contains: str | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[Group]:
        """The groups of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/groups`` (help centre, page on the endpoints of groups).

        :param name: the whole name; ``name_contains`` takes a part of it.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.equal(name=name),
            query.contains(name=name_contains),
        )
        return self._list("/v1/groups", Group, chosen, **options)

    def list_members(
        self,
        group_id: str,
        *,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        roles: query.Texts | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[SpotMember]:
        """The members of a group: iterate over them, or over ``.pages()``.

        ``GET /v1/groups/{groupId}/spotMembers`` (help centre, page on the endpoints of groups).

        :param emails: one email to keep, or several; likewise ``firstnames`` and ``lastnames``.
        :param roles: one :class:`~meltingspot_async.SpotMemberRole` to keep, or several.
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
            query.several(role=roles),
            query.before(unit, registration_date=registration_date_before),
            query.after(unit, registration_date=registration_date_after),
        )
        path = expand_path("/v1/groups/{group_id}/spotMembers", group_id=group_id)
        return self._list(path, SpotMember, chosen, **options)

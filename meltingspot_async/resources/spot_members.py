"""Members of the Spot."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import SpotMember
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class SpotMembers(Resource):
    """``client.spot_members``: the members of the Spot."""

    _gives = SpotMember

    async def get(self, spot_member_id: str) -> SpotMember:
        """One member: one request, or none if the same one is already under way.

        ``GET /v1/spotMembers/{spotMemberId}`` (``getspotmember`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such member.
        """
        path = expand_path("/v1/spotMembers/{spot_member_id}", spot_member_id=spot_member_id)
        return await self._get(path, SpotMember, spot_member_id)

    def list(
        self,
        *,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        custom_role_id: str | None = None,
        invitation_date_before: datetime | None = None,
        invitation_date_after: datetime | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[SpotMember]:
        """The members of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/spotMembers`` (configuration page of the API reference, and help centre, page on the endpoints
        of Spot members).

        :param emails: one email to keep, or several; likewise ``firstnames`` and ``lastnames``.
        :param custom_role_id: keep members with this custom role.
        :param invitation_date_before: keep members invited before then; likewise ``invitation_date_after``.
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
            query.equal(custom_role_id=custom_role_id),
            query.before(
                unit, invitation_date=invitation_date_before, registration_date=registration_date_before
            ),
            query.after(
                unit, invitation_date=invitation_date_after, registration_date=registration_date_after
            ),
        )
        return self._list("/v1/spotMembers", SpotMember, chosen, **options)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[SpotMember], None]:
        """The members of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/spotMembers", SpotMember, ids, concurrency, on_error)

"""Members of the Spot."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import datetime

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import SpotMember
from . import _filters as query
from ._base import PAGE_SIZE, OnError, Resource


class SpotMembers(Resource):
    """``client.spot_members``: the members of the Spot."""

    async def get(self, spot_member_id: str) -> SpotMember:
        """One member: one request, or none if the same one is already under way.

        ``GET /v1/spotMembers/{spotMemberId}`` (``getspotmember`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such member.
        """
        return await self._get(
            expand_path("/v1/spotMembers/{spot_member_id}", spot_member_id=spot_member_id), SpotMember
        )

    def list(
        self,
        *,
        emails: Iterable[str] | None = None,
        firstnames: Iterable[str] | None = None,
        lastnames: Iterable[str] | None = None,
        custom_role_id: str | None = None,
        invitation_date_before: datetime | None = None,
        invitation_date_after: datetime | None = None,
        registration_date_before: datetime | None = None,
        registration_date_after: datetime | None = None,
        unit: query.TimeUnit = "s",
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[SpotMember]:
        """The members of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/spotMembers`` (configuration page of the API reference, and help centre, page on the endpoints
        of Spot members). Bulk, as every list.

        :param emails: emails to keep; likewise ``firstnames`` and ``lastnames``.
        :param custom_role_id: keep members with this custom role.
        :param invitation_date_before: keep members invited before then; likewise ``invitation_date_after``.
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
            query.text("customRoleId[eq]", "custom_role_id", custom_role_id),
            query.moment("invitationDate[before]", "invitation_date_before", invitation_date_before, unit),
            query.moment("invitationDate[after]", "invitation_date_after", invitation_date_after, unit),
            query.registered(registration_date_before, registration_date_after, unit),
        )
        return self._list("/v1/spotMembers", SpotMember, chosen, page_size)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[SpotMember], None]:
        """The members of these ids, as they come, with as few requests as it takes.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/spotMembers", SpotMember, ids, concurrency, on_error)

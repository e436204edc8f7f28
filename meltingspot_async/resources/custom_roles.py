"""Roles made for the Spot."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import CustomRole
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class CustomRoles(Resource):
    """``client.custom_roles``: the custom roles of the Spot."""

    _gives = CustomRole

    async def get(self, custom_role_id: str) -> CustomRole:
        """One custom role: one request, or none if the same one is already under way.

        ``GET /v1/spotMemberCustomRole/{customRoleId}`` (``getspotmembercustomrole`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such role.
        """
        path = expand_path("/v1/spotMemberCustomRole/{custom_role_id}", custom_role_id=custom_role_id)
        return await self._get(path, CustomRole, custom_role_id)

    def list(
        self,
        *,
        label: query.Texts | None = None,
        label_contains: str | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[CustomRole]:
        """The custom roles of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/spotMemberCustomRole`` (``listspotmembercustomroles`` in the API reference).

        :param label: one whole label, or several; ``label_contains`` takes a part of one.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.any_of(label=label),
            query.contains(label=label_contains),
        )
        return self._list("/v1/spotMemberCustomRole", CustomRole, chosen, **options)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[CustomRole], None]:
        """The custom roles of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/spotMemberCustomRole", CustomRole, ids, concurrency, on_error)

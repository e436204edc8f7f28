"""Forums."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import Forum
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class Forums(Resource):
    """``client.forums``: the forums of the Spot."""

    _gives = Forum

    async def get(self, forum_id: str) -> Forum:
        """One forum: one request, or none if the same one is already under way.

        ``GET /v1/forums/{forumId}`` (help centre, page on the endpoints of forums).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such forum.
        """
        return await self._get(expand_path("/v1/forums/{forum_id}", forum_id=forum_id), Forum, forum_id)

    def list(
        self,
        *,
        name: str | None = None,
        name_contains: str | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[Forum]:
        """The forums of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/forums`` (help centre, page on the endpoints of forums).

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
        return self._list("/v1/forums", Forum, chosen, **options)

    def get_many(
        self, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[Forum], None]:
        """The forums of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many("/v1/forums", Forum, ids, concurrency, on_error)

"""Participants of learning paths."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from functools import partial
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from .._paging.many_lists import ManyLists
from ..models import LearningPathParticipant
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class LearningPathParticipants(Resource):
    """``client.learning_path_participants``: who is enrolled in a learning path, and how far they have come."""

    _gives = LearningPathParticipant

    async def get(self, learning_path_id: str, learning_path_participant_id: str) -> LearningPathParticipant:
        """One participant of one learning path: one request, or none if the same one is already under way.

        ``GET /v1/learningPaths/{learningPathId}/participants/{learningPathParticipantId}``
        (``getlearningpathparticipant`` in the API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such learning path, or no such participant.
        """
        path = expand_path(
            "/v1/learningPaths/{learning_path_id}/participants/{learning_path_participant_id}",
            learning_path_id=learning_path_id,
            learning_path_participant_id=learning_path_participant_id,
        )
        return await self._get(path, LearningPathParticipant, learning_path_participant_id)

    def list(
        self,
        learning_path_id: str,
        *,
        status: query.Texts | None = None,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[LearningPathParticipant]:
        """The participants of a learning path: iterate over them, or over ``.pages()``.

        ``GET /v1/learningPaths/{learningPathId}/participants`` (``listlearningpathparticipants`` in the API
        reference).

        :param status: one :class:`~meltingspot_async.ParticipantStatus` or several.
        :param emails: one email to keep, or several; likewise ``firstnames`` and ``lastnames``.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.any_of(status=status),
            query.several(email=emails, firstname=firstnames, lastname=lastnames),
        )
        return self._list(_path(learning_path_id), LearningPathParticipant, chosen, **options)

    def list_many(
        self,
        learning_path_ids: Iterable[str],
        *,
        status: query.Texts | None = None,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        filters: query.Filters | None = None,
        concurrency: int = 20,
        in_order: bool = False,
        **options: Unpack[ListOptions],
    ) -> ManyLists[LearningPathParticipant]:
        """The participants of several learning paths: iterate over them, or over ``.pages()``, which name their path.

        Arguments and promises are those of
        :meth:`CourseParticipants.list_many <meltingspot_async.resources.CourseParticipants.list_many>`.
        """
        list_one = partial(
            self.list,
            status=status,
            emails=emails,
            firstnames=firstnames,
            lastnames=lastnames,
            filters=filters,
            **options,
        )
        return self._list_many(learning_path_ids, list_one, concurrency, in_order=in_order)

    def get_many(
        self, learning_path_id: str, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[LearningPathParticipant], None]:
        """The participants of these ids, as they arrive, in as few requests as possible.

        Arguments and promises are those of
        :meth:`CourseParticipants.get_many <meltingspot_async.resources.CourseParticipants.get_many>`.
        """
        return self._get_many(_path(learning_path_id), LearningPathParticipant, ids, concurrency, on_error)


def _path(learning_path_id: str) -> str:
    return expand_path("/v1/learningPaths/{learning_path_id}/participants", learning_path_id=learning_path_id)

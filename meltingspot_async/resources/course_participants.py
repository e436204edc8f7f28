"""Participants of courses."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from functools import partial
from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from .._paging.many_lists import ManyLists
from ..models import CourseParticipant
from . import _filters as query
from ._base import ListOptions, OnError, Resource


class CourseParticipants(Resource):
    """``client.course_participants``: who is enrolled in a course, and how far they have come."""

    _gives = CourseParticipant

    async def get(self, course_id: str, course_participant_id: str) -> CourseParticipant:
        """One participant of one course: one request, or none if the same one is already under way.

        ``GET /v1/courses/{courseId}/participants/{courseParticipantId}`` (``getcourseparticipant`` in the
        API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such course, or no such participant.
        :raises InvalidResponseError: the answer is not a participant as documented, or after all retries still
            another one than asked for. Ids are the same in any case, percent-encoded or not.

        and whatever :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` raises.
        """
        path = expand_path(
            "/v1/courses/{course_id}/participants/{course_participant_id}",
            course_id=course_id,
            course_participant_id=course_participant_id,
        )
        return await self._get(path, CourseParticipant, course_participant_id)

    def list(
        self,
        course_id: str,
        *,
        status: query.Texts | None = None,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[CourseParticipant]:
        """The participants of a course: iterate over them, or over ``.pages()``.

        ``GET /v1/courses/{courseId}/participants`` (``listcourseparticipants`` in the API reference). Nothing is
        sent before the iteration begins.

        :param status: one :class:`~meltingspot_async.ParticipantStatus` or several.
        :param emails: one email to keep, or several; likewise ``firstnames`` and ``lastnames``.
        :param filters: filters that are not documented, by the service's own names:
            ``{"completionRate[gte]": 50}``.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: for an empty id, an empty list of values, a comma inside a value of a list, which the
            service has no way to write, or a filter given twice.

        A ``timeout`` or ``deadline`` applies to each page by itself. The iteration raises whatever
        :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` does, and ``InvalidResponseError`` for a
        page that is not as documented.
        """
        chosen = query.build(
            filters,
            query.any_of(status=status),
            query.several(email=emails, firstname=firstnames, lastname=lastnames),
        )
        return self._list(_path(course_id), CourseParticipant, chosen, **options)

    def list_many(
        self,
        course_ids: Iterable[str],
        *,
        status: query.Texts | None = None,
        emails: query.Texts | None = None,
        firstnames: query.Texts | None = None,
        lastnames: query.Texts | None = None,
        filters: query.Filters | None = None,
        concurrency: int = 20,
        in_order: bool = False,
        **options: Unpack[ListOptions],
    ) -> ManyLists[CourseParticipant]:
        """The participants of several courses: iterate over them, or over ``.pages()``, which name the course.

        The courses are read at the same time, so that thirty of one page each take little longer than one. A course
        that fails does not end the others: at the end, ``ListsFailedError`` names all that did.

        :param course_ids: the courses, in any iterable that ends; a repeated id counts once.
        :param concurrency: most courses read at the same time. Default 20.
        :param in_order: whether the participants of a course are given before those of the next, in the order of the
            ids. By default pages are given as they come, each whole.
        :raises UsageError: for an empty id or a wrong option, before anything is sent.

        Filters and promises are those of :meth:`list`.
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
        return self._list_many(course_ids, list_one, concurrency, in_order=in_order)

    def get_many(
        self, course_id: str, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[CourseParticipant], None]:
        """The participants of these ids, as they arrive, each distinct id once, in as few requests as possible.

        While the course has fewer pages left than there are ids to find, pages are read; the ids they did not
        hold are requested singly, so that a 404 is the service's own answer. 1,000 ids of a course of 1,000 take
        10 requests, which wait behind interactive ones unless a priority was chosen by ``with_options``.

        :param ids: a collection, which is planned as a whole; or an iterable or async iterable, with or without
            end, which is read, planned and freed of repeats 1,000 distinct ids at a time, in flat memory.
        :param concurrency: most single requests under way at once. Default 20.
        :param on_error: with ``"yield"``, the default, a failure is a result with its ``error``; with ``"raise"``
            the first failure ends the iteration.
        :raises UsageError: for an empty course id or a wrong option, at once; for an id that is not a text, when
            it is read.

        A ``timeout`` or ``deadline`` applies to each request by itself. To stop in the middle, ``break`` and
        forget the iterator, or ``aclose()`` it: its requests are cancelled.
        """
        return self._get_many(_path(course_id), CourseParticipant, ids, concurrency, on_error)


def _path(course_id: str) -> str:
    return expand_path("/v1/courses/{course_id}/participants", course_id=course_id)

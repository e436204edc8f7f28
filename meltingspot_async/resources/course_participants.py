"""Participants of courses."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from .._http.endpoint import expand_path
from .._paging.get_many import FetchResult, Ids
from .._paging.listing import Listing
from ..models import CourseParticipant
from . import _filters as query
from ._base import PAGE_SIZE, OnError, Resource


class CourseParticipants(Resource):
    """``client.course_participants``: who is enrolled in a course, and how far they have come."""

    async def get(self, course_id: str, course_participant_id: str) -> CourseParticipant:
        """One participant of one course: one request, or none if the same one is already under way.

        ``GET /v1/courses/{courseId}/participants/{courseParticipantId}`` (``getcourseparticipant`` in the
        API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such course, or no such participant.
        :raises InvalidResponseError: the answer is not a participant as documented.

        and whatever :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` raises.
        """
        path = expand_path(
            "/v1/courses/{course_id}/participants/{course_participant_id}",
            course_id=course_id,
            course_participant_id=course_participant_id,
        )
        return await self._get(path, CourseParticipant)

    def list(
        self,
        course_id: str,
        *,
        status: str | Iterable[str] | None = None,
        emails: Iterable[str] | None = None,
        firstnames: Iterable[str] | None = None,
        lastnames: Iterable[str] | None = None,
        filters: Mapping[str, query.FilterValue] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Listing[CourseParticipant]:
        """The participants of a course: iterate over them, or over ``.pages()``.

        ``GET /v1/courses/{courseId}/participants`` (``listcourseparticipants`` in the API reference). It goes
        after interactive requests, unless a priority was chosen by ``with_options``. Nothing is sent before the
        iteration begins.

        :param status: one :class:`~meltingspot_async.ParticipantStatus` or several.
        :param emails: emails to keep; likewise ``firstnames`` and ``lastnames``.
        :param filters: filters that are not documented, by the service's own names:
            ``{"completionRate[gte]": 50}``.
        :param page_size: items to ask for at once. Default 100; the service may give fewer.
        :raises UsageError: for an empty id, an empty list of values, a comma inside a value of a list, which the
            service has no way to write, or a filter given twice.

        A ``timeout`` or ``deadline`` holds for each page by itself. The iteration raises whatever
        :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` does, and ``InvalidResponseError`` for a
        page with anything in it that is not as documented.
        """
        chosen = query.build(
            filters,
            query.one_or_several("status", "status", status),
            query.people(emails, firstnames, lastnames),
        )
        return self._list(_path(course_id), CourseParticipant, chosen, page_size)

    def get_many(
        self, course_id: str, ids: Ids, *, concurrency: int = 20, on_error: OnError = "yield"
    ) -> AsyncGenerator[FetchResult[CourseParticipant], None]:
        """The participants of these ids, as they come, each distinct id once, with as few requests as it takes.

        While the course has fewer pages left than there are ids to find, pages are read; what they did not hold
        is asked for singly, so that a 404 is the service's own word. 1,000 ids of a course of 1,000 take 10
        requests. It goes after interactive requests, unless a priority was chosen by ``with_options``.

        :param ids: a collection, which is planned as a whole; or an iterable or async iterable, with or without
            end, which is read, planned and freed of repeats 1,000 distinct ids at a time, in flat memory.
        :param concurrency: single requests under way at once, at the most. Default 20.
        :param on_error: with ``"yield"``, the default, a failure is a result with its ``error``; with ``"raise"``
            the first failure ends the iteration.
        :raises UsageError: for an empty course id or wrong options, at once; for an id that is no text, when it
            is read.

        A ``timeout`` or ``deadline`` holds for each request by itself. To stop in the middle, ``break`` and forget
        the iterator, or ``aclose()`` it: nothing of it goes on.
        """
        return self._get_many(_path(course_id), CourseParticipant, ids, concurrency, on_error)


def _path(course_id: str) -> str:
    return expand_path("/v1/courses/{course_id}/participants", course_id=course_id)

"""Participants of courses."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import partial
from typing import Literal

from ..batch import FetchResult, Ids, Source, get_many
from ..endpoint import expand_path
from ..errors import UsageError
from ..models import CourseParticipant
from ..pagination import Listing, Page
from ..query import FilterValue, one_or_several, other_filters, several
from ..session import SessionManager
from ..structuring import structure
from ..validation import require_count

PAGE_SIZE = 100
"""Items asked for at once. The service does not document the most it gives; what it gives is what counts."""


class CourseParticipants:
    """``client.course_participants``: who is enrolled in a course, and how far they have come."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    async def get(self, course_id: str, course_participant_id: str) -> CourseParticipant:
        """One participant of one course: one request, or none if the same one is already under way.

        ``GET /v1/courses/{courseId}/participants/{courseParticipantId}`` (``getcourseparticipant`` in the
        API reference).

        :raises UsageError: for an empty id, before anything is sent.
        :raises NotFoundError: the service knows no such course, or no such participant.
        :raises InvalidResponseError: the answer is not a participant as documented.

        and whatever :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` raises.
        """
        return await self._get(self._session, course_id, course_participant_id)

    def list(
        self,
        course_id: str,
        *,
        status: str | Iterable[str] | None = None,
        emails: Iterable[str] | None = None,
        firstnames: Iterable[str] | None = None,
        lastnames: Iterable[str] | None = None,
        filters: Mapping[str, FilterValue] | None = None,
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
        query = {
            **one_or_several("status", "status", status),
            **several("email", "emails", emails),
            **several("firstname", "firstnames", firstnames),
            **several("lastname", "lastnames", lastnames),
        }
        query |= other_filters(filters, known=query)
        path = expand_path("/v1/courses/{course_id}/participants", course_id=course_id)
        require_count("page_size", page_size)
        fetch = partial(self._page, self._session.in_bulk(), path, {**query, "limit": page_size})
        return Listing(path, page_size, fetch)

    def get_many(
        self,
        course_id: str,
        ids: Ids,
        *,
        concurrency: int = 20,
        on_error: Literal["yield", "raise"] = "yield",
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
        path = expand_path("/v1/courses/{course_id}/participants", course_id=course_id)
        if isinstance(ids, str):
            raise UsageError("ids takes several ids, such as a list, not one text.")
        require_count("concurrency", concurrency)
        if on_error not in {"yield", "raise"}:
            raise UsageError(f'on_error must be "yield" or "raise", not {on_error!r}.')
        session = self._session.in_bulk()
        source = Source(
            get=partial(self._get, session, course_id),
            page=partial(self._page, session, path, {"limit": PAGE_SIZE}),
            limit=PAGE_SIZE,
        )
        return get_many(source, ids, concurrency, raising=on_error == "raise")

    @staticmethod
    async def _get(session: SessionManager, course_id: str, course_participant_id: str) -> CourseParticipant:
        path = expand_path(
            "/v1/courses/{course_id}/participants/{course_participant_id}",
            course_id=course_id,
            course_participant_id=course_participant_id,
        )
        response = await session.get(path)
        return structure(response.body, CourseParticipant, path)

    @staticmethod
    async def _page(
        session: SessionManager, path: str, query: Mapping[str, str | int], number: int
    ) -> Page[CourseParticipant]:
        response = await session.get(path, {**query, "page": number})
        return structure(response.body, Page[CourseParticipant], path)

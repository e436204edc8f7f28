"""Participants of courses."""

from __future__ import annotations

from ..endpoint import expand_path
from ..models import CourseParticipant
from ..session import SessionManager
from ..structuring import structure


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
        path = expand_path(
            "/v1/courses/{course_id}/participants/{course_participant_id}",
            course_id=course_id,
            course_participant_id=course_participant_id,
        )
        response = await self._session.get(path)
        return structure(response.body, CourseParticipant, path)

"""Factories of participants and activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..models import Activity, ActivityType, CourseParticipant, ParticipantStatus
from ..models._frozen import JsonObject

_PEOPLE = (
    ("Ada", "Byron"),
    ("Bruno", "Klein"),
    ("Chloé", "Martin"),
    ("Dilan", "Öz"),
    ("Esra", "Holm"),
    ("Femi", "Okafor"),
    ("Greta", "Lindqvist"),
)
_FIRST_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def make_course_participant(number: int = 0, *, course_id: str = "course-1") -> CourseParticipant:
    """Participant ``number`` of a course. The same number gives the same participant; each status has its turn."""
    firstname, lastname = _PEOPLE[number % len(_PEOPLE)]
    status = list(ParticipantStatus)[number % len(ParticipantStatus)]
    invited = _FIRST_DAY + timedelta(hours=7 * number)
    started = None if status is ParticipantStatus.INVITED else invited + timedelta(days=2)
    completed = invited + timedelta(days=9) if status is ParticipantStatus.COMPLETED else None
    unenrolled = invited + timedelta(days=5) if status is ParticipantStatus.UNENROLLED else None
    return CourseParticipant(
        id=f"participant-{number}",
        course_id=course_id,
        spot_member_id=f"member-{number}",
        spot_member_email=f"{firstname}.{lastname}.{number}@example.com".lower(),
        spot_member_firstname=firstname,
        spot_member_lastname=lastname,
        status=status,
        invited_at=invited,
        started_at=started,
        completed_at=completed,
        unenrolled_at=unenrolled,
        last_activity_at=completed or unenrolled or started,
        completion_rate=100 if completed else 0 if started is None else 37 * number % 100,
    )


def make_activity(number: int = 0) -> Activity:
    """Activity ``number``. The same number gives the same activity; each type has its turn.

    Its ``id`` and its ``occurredAt`` in milliseconds are inventions: only ``type`` is documented.
    """
    happened = _FIRST_DAY + timedelta(minutes=number)
    fields = {"id": f"event-{number}", "occurredAt": int(happened.timestamp()) * 1000}
    return Activity(type=list(ActivityType)[number % len(ActivityType)], extra=JsonObject(fields))

"""The people in made-up data, and what fits the status of their enrolments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..models import ParticipantStatus

FIRST_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When all of it began."""

_PEOPLE = (
    ("Ada", "Byron"),
    ("Bruno", "Klein"),
    ("Chloé", "Martin"),
    ("Dilan", "Öz"),
    ("Esra", "Holm"),
    ("Femi", "Okafor"),
    ("Greta", "Lindqvist"),
)


def names_of(number: int) -> tuple[str, str, str]:
    """First name, last name and email."""
    firstname, lastname = _PEOPLE[number % len(_PEOPLE)]
    return firstname, lastname, f"{firstname}.{lastname}.{number}@example.com".lower()


def person(number: int) -> dict[str, object]:
    """The member behind a participant."""
    firstname, lastname, email = names_of(number)
    return {
        "spot_member_id": f"member-{number}",
        "spot_member_email": email,
        "spot_member_firstname": firstname,
        "spot_member_lastname": lastname,
    }


def enrolment(number: int, status: ParticipantStatus | None) -> dict[str, object]:
    """A participant's member, and what fits the status, which has its turn unless it was chosen."""
    status = status or list(ParticipantStatus)[number % len(ParticipantStatus)]
    invited = FIRST_DAY + timedelta(hours=7 * number)
    started = None if status is ParticipantStatus.INVITED else invited + timedelta(days=2)
    completed = invited + timedelta(days=9) if status is ParticipantStatus.COMPLETED else None
    unenrolled = invited + timedelta(days=5) if status is ParticipantStatus.UNENROLLED else None
    return {
        **person(number),
        "status": status,
        "invited_at": invited,
        "started_at": started,
        "completed_at": completed,
        "unenrolled_at": unenrolled,
        "last_activity_at": completed or unenrolled or started,
        "completion_rate": 100 if completed else 0 if started is None else 37 * number % 100,
    }

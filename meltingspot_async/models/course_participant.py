"""A member's enrolment in a course."""

from __future__ import annotations

from datetime import datetime

import attrs

from ._fields import OpenEnum, personal
from ._model import Model, extra_last


class ParticipantStatus(OpenEnum):
    """Progress of a participant in a course or a learning path (page of ``getcourseparticipant`` in the API
    reference).
    """

    INVITED = "Invited"
    STARTED = "Started"
    """At least one step was completed; opening the course is not enough."""
    COMPLETED = "Completed"
    """The concluding step of the course was completed; in flexible navigation, others may be missing. A learning path
    is completed when all its steps are."""
    UNENROLLED = "Unenrolled"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class CourseParticipant(Model):
    """One participant of one course (page of ``getcourseparticipant`` in the API reference).

    Its repr hides the names and the email. All datetimes are timezone-aware.
    """

    id: str
    """Id of the course participant."""
    course_id: str
    """Id of the course."""
    spot_member_id: str
    """Id of the Spot member behind the participant."""
    spot_member_email: str = personal()
    """Email of that member."""
    spot_member_firstname: str | None = personal()
    """First name; ``None`` when the participant was invited by email only."""
    spot_member_lastname: str | None = personal()
    """Last name; ``None`` when the participant was invited by email only."""
    status: ParticipantStatus
    """Enrolment status."""
    invited_at: datetime | None
    """When the participant was invited."""
    started_at: datetime | None
    """When the participant started."""
    completed_at: datetime | None
    """When the participant completed."""
    unenrolled_at: datetime | None
    """When the participant was unenrolled."""
    last_activity_at: datetime | None
    """Last activity of the participant."""
    completion_rate: int
    """Completion rate. By the help centre, the progress over the steps that the course has now, so 0 to 100; it can
    fall when steps are added, and be below 100 in a completed course. The reference states neither unit nor range."""

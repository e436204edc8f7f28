"""A member's enrolment in a learning path."""

from __future__ import annotations

import attrs

from ._fields import Milliseconds, personal
from ._model import Model, extra_last
from .course_participant import ParticipantStatus


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class LearningPathParticipant(Model):
    """One participant of one learning path (page of ``getlearningpathparticipant`` in the API reference).

    Its repr hides the names and the email. All datetimes are timezone-aware.
    """

    id: str
    """Id of the learning-path participant."""
    learning_path_id: str
    """Id of the learning path."""
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
    invited_at: Milliseconds | None
    """When the participant was invited."""
    started_at: Milliseconds | None
    """When the participant started."""
    completed_at: Milliseconds | None
    """When the participant completed."""
    unenrolled_at: Milliseconds | None
    """When the participant was unenrolled."""
    last_activity_at: Milliseconds | None
    """Last activity of the participant."""
    completion_rate: int
    """Completion rate. Unit and range are not documented."""

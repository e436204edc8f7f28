"""A member's participation in a Live."""

from __future__ import annotations

from datetime import datetime

import attrs

from ._fields import OpenEnum, personal
from ._model import Model, extra_last


class LiveParticipantStatus(OpenEnum):
    """Answer to the invitation to a Live (page of ``listliveparticipants`` in the API reference)."""

    INVITED = "Invited"
    ACCEPTED = "Accepted"
    DECLINED = "Declined"


class LiveParticipantType(OpenEnum):
    """Role of a participant in a Live (page of ``listliveparticipants`` in the API reference)."""

    PARTICIPANT = "Participant"
    SPEAKER = "Speaker"
    HOST = "Host"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class LiveParticipantMetrics(Model):
    """What one participant did. The service documents it by an example only, so every field may be absent."""

    view_time: int | None = None
    """View time. Its unit is not documented."""
    has_replayed: bool | None = None
    """Whether the participant watched the replay."""
    has_participated: bool | None = None
    """Whether the participant took part."""


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class LiveParticipant(Model):
    """One participant of one Live (page of ``listliveparticipants`` in the API reference).

    Its repr hides the names and the email. All datetimes are timezone-aware.
    """

    id: str
    """Id of the participant."""
    live_id: str
    """Id of the Live."""
    spot_member_id: str
    """Id of the Spot member behind the participant."""
    spot_member_email: str = personal()
    """Email of that member."""
    spot_member_firstname: str | None = personal()
    """First name; ``None`` when the participant was invited by email only."""
    spot_member_lastname: str | None = personal()
    """Last name; ``None`` when the participant was invited by email only."""
    status: LiveParticipantStatus
    """Answer to the invitation."""
    type: LiveParticipantType
    """Role in the Live."""
    invited_at: datetime | None
    """When the participant was invited."""
    registered_at: datetime | None
    """When the participant registered."""
    is_highlighted: bool
    """Whether the participant is highlighted."""
    metrics: LiveParticipantMetrics
    """What the participant did."""

"""A Live: a session that takes place at a given time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ._fields import OpenEnum, lenient
from ._model import Model, extra_last


class LiveStatus(OpenEnum):
    """Status of a Live (page of ``getlive`` in the API reference)."""

    PLANNED = "Planned"
    LIVE = "Live"
    ENDED = "Ended"


class LiveSolution(OpenEnum):
    """What transmits the video of a Live (page of ``getlive`` in the API reference)."""

    YOUTUBE = "Youtube"
    VIMEO = "Vimeo"
    BUILT_IN = "BuiltIn"
    NO_SOLUTION = "NoSolution"


class LiveBuiltInType(OpenEnum):
    """Kind of a Live whose solution is ``BUILT_IN`` (page of ``listlives`` in the API reference)."""

    WORKSHOP = "Workshop"
    CONFERENCE = "Conference"


class LiveVisibility(OpenEnum):
    """Who sees a Live (page of ``getlive`` in the API reference)."""

    ANYONE = "AnyOne"
    ONLY_SPOT_MEMBERS = "OnlySpotMembers"
    INVITED_MEMBERS_ONLY = "InvitedMembersOnly"


class LiveParticipation(OpenEnum):
    """Who can take part in a Live (page of ``createlive`` in the API reference)."""

    ANY_SPOT_MEMBERS = "AnySpotMembers"
    INVITED_MEMBERS_ONLY = "InvitedMembersOnly"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class LiveMetrics(Model):
    """Figures of a Live. Units of times and rates are not documented."""

    average_view_time: int | None
    """Average view time."""
    no_show: int | None
    """Registered people who did not attend."""
    total_replay_view: int | None
    """Views of the replay."""
    registrant: int | None
    """People registered."""
    attendee: int | None
    """People who attended."""
    attendance_rate: int | None
    """Attendance rate."""
    invited: int | None
    """People invited."""


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class LivePrivacy(Model):
    """Who sees a Live, and who can take part."""

    visibility: LiveVisibility
    """Who sees it."""
    participation: LiveParticipation | None = None
    """Who can take part. Only the pages on writing a Live document it, so it may be absent."""


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Live(Model):
    """One Live (page of ``getlive`` in the API reference). All datetimes are timezone-aware."""

    id: str
    """Id of the Live."""
    title: str
    """Title."""
    start_date: datetime
    """Start."""
    end_date: datetime
    """End."""
    metrics: LiveMetrics
    """Its figures."""
    description: tuple[Mapping[str, object], ...] | None = lenient()
    """Rich text, as a list of nodes: ``{"type": "p", "children": [{"text": ...}]}``. Requests write it as Markdown: a
    value of another shape is in ``extra``."""
    status: LiveStatus
    """Status."""
    computed_status: LiveStatus
    """Status as the service computes it. How it differs from ``status`` is not documented."""
    solution: LiveSolution
    """What transmits the video."""
    privacy: LivePrivacy
    """Who sees it, and who can take part."""
    config: Mapping[str, object] | None = None
    """Configuration. None of its fields is documented, so it is kept as it was received."""
    built_in_type: LiveBuiltInType | None = None
    """Kind, if the solution is ``BUILT_IN``."""

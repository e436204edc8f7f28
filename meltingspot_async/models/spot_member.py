"""A member of the Spot."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._fields import Milliseconds, OpenEnum, lenient, personal
from ._model import Model, extra_last


class SpotMemberRole(OpenEnum):
    """Role of a member (page of ``getspotmember`` in the API reference)."""

    MEMBER = "Member"
    ADMIN = "Admin"


class SpotMemberStatus(OpenEnum):
    """Status of a member in the Spot (page of ``getspotmember`` in the API reference)."""

    ACCEPTED = "Accepted"
    DEACTIVATED = "Deactivated"
    DECLINED_INVITATION = "DeclinedInvitation"
    INVITED = "Invited"
    LEFT = "Left"
    PENDING = "Pending"
    REJECTED = "Rejected"


class Language(OpenEnum):
    """Language of a member (page of ``getspotmember`` in the API reference)."""

    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    ITALIAN = "it"
    SPANISH = "es"
    PORTUGUESE = "pt"
    DUTCH = "nl"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class SpotMember(Model):
    """One member of the Spot (page of ``getspotmember`` in the API reference).

    Its repr hides the names, the email and the job title. All datetimes are timezone-aware.
    """

    id: str
    """Id of the Spot member."""
    spot_id: str
    """Id of the Spot."""
    user_id: str | None
    """Id of the user."""
    email: str = personal()
    """Email."""
    title: str | None = personal()
    """Job title."""
    lang: Language | None = None
    """Language. Older pages of the documentation lack it, so it may be absent."""
    role: SpotMemberRole
    """Role."""
    custom_role_id: str | None
    """Id of the custom role."""
    status: SpotMemberStatus
    """Status."""
    firstname: str | None = personal()
    """First name. Documented as a text; ``None`` is accepted, as people invited by email may lack one."""
    lastname: str | None = personal()
    """Last name; see ``firstname``."""
    warnings: float
    """Number of warnings."""
    embed_base_urls: Mapping[str, str] | None = lenient()
    """Addresses of embedded pages: ``default`` and any other name. Known by an example only: a value of another shape
    is in ``extra``."""
    updated_at: Milliseconds | None = None
    """Last change. Older pages of the documentation lack it, so it may be absent."""
    last_activity_at: Milliseconds | None = None
    """Last activity. Older pages of the documentation lack it, so it may be absent."""

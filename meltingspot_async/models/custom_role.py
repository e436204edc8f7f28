"""A custom role, which a Spot defines for its members."""

from __future__ import annotations

import attrs

from ._fields import OpenEnum
from ._model import Model, extra_last


class Permission(OpenEnum):
    """What a custom role allows (page of ``getspotmembercustomrole`` in the API reference)."""

    LIVE = "live.*"
    LIVE_FULL = "live.full.*"
    LIVE_LIMITED = "live.limited.*"
    MODERATION = "moderation.*"
    SPOT_MEMBER_INVITE = "spot.member.invite.*"
    COURSE_FULL = "course.full.*"
    COURSE_LIMITED = "course.limited.*"
    COLLECTION_FULL = "collection.full.*"
    COLLECTION_LIMITED = "collection.limited.*"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class CustomRole(Model):
    """One custom role (page of ``getspotmembercustomrole`` in the API reference)."""

    id: str
    """Id of the custom role."""
    label: str
    """Label."""
    description: str | None
    """Description. Documented as a text; ``None`` is accepted, as a role can be created without one."""
    permissions: tuple[Permission, ...]
    """What it allows."""

"""A forum."""

from __future__ import annotations

import attrs

from ._fields import Milliseconds, OpenEnum
from ._model import Model, extra_last


class ForumPrivacy(OpenEnum):
    """Who sees a forum (help centre, page on the endpoints of forums)."""

    PRIVATE = "Private"
    SECRET = "Secret"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Forum(Model):
    """One forum (help centre, page on the endpoints of forums). Its datetime is timezone-aware."""

    id: str
    """Id of the forum."""
    name: str
    """Name."""
    emoji: str | None = None
    """Emoji."""
    description: str | None
    """Description. Documented as a text; ``None`` is accepted, as a forum can lack one."""
    created_at: Milliseconds
    """When the forum was created."""
    privacy: ForumPrivacy
    """Who sees it."""

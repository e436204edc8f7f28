"""A forum."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._fields import Milliseconds, OpenEnum, undocumented


class ForumPrivacy(OpenEnum):
    """Who sees a forum (help centre, page on the endpoints of forums)."""

    PRIVATE = "Private"
    SECRET = "Secret"


@attrs.frozen(kw_only=True)
class Forum:
    """One forum (help centre, page on the endpoints of forums). Its datetime is timezone-aware."""

    id: str
    """Id of the forum."""
    name: str
    """Name."""
    emoji: str | None = None
    """Emoji."""
    description: str | None
    """Description. Documented as a text; ``None`` is taken too, as a forum can be without one."""
    created_at: Milliseconds
    """When it was made."""
    privacy: ForumPrivacy
    """Who sees it."""
    extra: Mapping[str, object] = undocumented()
    """Whatever else the service sends, by its own names."""

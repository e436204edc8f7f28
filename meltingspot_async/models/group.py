"""A group of members."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._fields import undocumented


@attrs.frozen(kw_only=True)
class Group:
    """One group (help centre, page on the endpoints of groups)."""

    id: str
    """Id of the group."""
    name: str
    """Name."""
    description: str | None = None
    """Description."""
    emoji: str | None = None
    """Emoji."""
    icon: str | None = None
    """Icon; on older pages only."""
    extra: Mapping[str, object] = undocumented()
    """Whatever else the service sends, by its own names."""

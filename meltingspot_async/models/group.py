"""A group of members."""

from __future__ import annotations

import attrs

from ._model import Model, extra_last


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Group(Model):
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
    """Icon. Only older pages of the documentation have it."""

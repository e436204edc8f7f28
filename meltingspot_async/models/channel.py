"""A channel: a chat of many members."""

from __future__ import annotations

import attrs

from ._fields import OpenEnum, lenient
from ._model import Model, extra_last


class ChannelPrivacy(OpenEnum):
    """Who may join a channel (page of ``getchannel`` in the API reference)."""

    PRIVATE = "Private"
    PUBLIC = "Public"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Channel(Model):
    """One channel (page of ``getchannel`` in the API reference)."""

    id: str
    """Id of the channel."""
    name: str
    """Name."""
    emoji: str | None = None
    """Emoji."""
    description: str | None
    """Description."""
    privacy: ChannelPrivacy
    """Who may join."""
    auto_join: bool
    """Whether new members join automatically."""
    readonly: bool | None = lenient()
    """Whether only admins may write. Older pages of the documentation lack it, so it may be absent."""
    show_members: bool
    """Whether the channel shows its members."""

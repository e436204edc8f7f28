"""Texts of the service made fit for logs and errors: one line, short, and without emails."""

from __future__ import annotations

_LOOKED_AT = 1_000
"""Characters of a text that are looked at: it can be megabytes of anything."""


def redacted(text: str, length: int) -> str:
    """A text on one line, without emails and control characters, cut to ``length`` characters."""
    parts = "".join(c if c.isprintable() else " " for c in text[:_LOOKED_AT]).split()
    words = parts if len(text) <= _LOOKED_AT else parts[:-1]  # the last one may be half of an email
    shown = " ".join("[email]" if "@" in word else word for word in words)
    return shown if len(shown) <= length else shown[: length - 1] + "…"

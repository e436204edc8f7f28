"""Makes texts of the service fit for logs and errors: one line, short, and without emails."""

from __future__ import annotations

_MAX_READ = 1_000
"""Characters of a text that are read, because it can be megabytes long."""


def redacted(text: str, length: int) -> str:
    """A text on one line, without emails and control characters, cut to ``length`` characters."""
    parts = "".join(c if c.isprintable() else " " for c in text[:_MAX_READ]).split()
    words = parts if len(text) <= _MAX_READ else parts[:-1]  # the last one may be half of an email
    shown = " ".join("[email]" if "@" in word else word for word in words)
    return shown if len(shown) <= length else shown[: length - 1] + "…"

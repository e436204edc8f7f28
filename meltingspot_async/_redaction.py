"""Makes texts from outside fit for logs and errors: one line, short, without key, emails and queries, however spelt.

Names of people cannot be recognised in a service's own words, so they can stand there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

_MAX_READ = 1_000
"""Characters of a text that are read, because it can be megabytes long."""

_LAYERS = 4
"""How often a text may have been encoded: an address in an address in a page."""

_ESCAPE = re.compile(r"""\\+(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,5})\}|x([0-9A-Fa-f]{2})|(["'/]))""")
"""A character as JSON and the programming languages escape it."""

_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]*")
"""A path that nothing can hide in, as nearly all are."""


def redacted(text: str, length: int, secret: str = "") -> str:
    """A text on one line, cut to ``length`` characters, without control characters, emails, queries and the key.

    :param secret: the key; what contains it is replaced by ``[key]``.
    """
    parts = "".join(c if c.isprintable() else " " for c in text[:_MAX_READ]).split()
    words = parts if len(text) <= _MAX_READ else parts[:-1]  # the last one may be half of an email
    shown = " ".join(_shown(word, secret) for word in words)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def shown_path(path: str) -> str:
    """A path as errors, events and logs show it: an id that is an email is ``{id}``, and a query is cut off."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    return "/".join(
        "{id}" if "@" in _plain(segment) else segment for segment in path.partition("?")[0].split("/")
    )


def _shown(word: str, secret: str) -> str:
    """A word, as far as it may be shown."""
    if secret:
        word = word.replace(secret, "[key]")
        if any(secret in reading for reading in _readings(word)):
            return "[key]"
    plain = _plain(word)
    address, mark, _ = plain.partition("?")
    if mark and "/" in address:
        word, plain = "".join(c for c in address if c.isprintable()) + "?…", address
    return "[email]" if "@" in plain else word


def _plain(text: str) -> str:
    """A text without any encoding, and with plain letters instead of wide ones."""
    *_, decoded = _readings(text)
    return unicodedata.normalize("NFKC", decoded)


def _readings(text: str) -> Iterator[str]:
    """A text as it is, and as it reads when its encodings are undone one after the other: escapes of JSON, entities of
    HTML, percent signs.
    """
    from html import unescape  # noqa: PLC0415 - a table of 2,000 names, for texts that few programs get

    yield text
    for _ in range(_LAYERS):
        before = text
        for decode in (_unescaped, unescape, unquote):
            text = decode(text)
            yield text
        if text == before:
            return


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[4] or chr(int(found[found.lastindex or 0], 16)), text)

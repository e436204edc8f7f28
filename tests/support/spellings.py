"""The ways in which a service, a proxy or a page may write a text that it was sent."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote


def _entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" for c in text)


def _json_escapes(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in full": lambda text: "".join(f"%{ord(c):02x}" for c in text),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML entities": _entities,
    "hexadecimal entities": lambda text: "".join(f"&#X{ord(c):X};" for c in text),
    "HTML in HTML": lambda text: html.escape(_entities(text)),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON escapes": _json_escapes,
    "JSON in JSON": lambda text: _json_escapes(text).replace("\\", "\\\\"),
    "code points": lambda text: "".join(f"\\u{{{ord(c):x}}}" for c in text),
    "bytes": lambda text: "".join(f"\\x{ord(c):02x}" for c in text),
    "percent signs in HTML": lambda text: html.escape(quote(text, safe="")),
}
"""What writes a text in each of them."""

"""The key and the person that stand wherever they can, and the search for them in whatever the client says."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import unquote
from zlib import crc32

from ..support.spellings import SPELLINGS

KEY = 'Sesame&Open"Up<7>%41/Quillon'
EMAIL = "ottoline.zweig@navy-yard.example"
NAME = "Quirinia"

_SECRETS = (KEY, "Quillon", EMAIL, "ottoline", "navy-yard", NAME)
"""The key, the email and the name, and parts of them that tell as much."""

_ESCAPE = re.compile(r"\\+(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2}))", re.IGNORECASE)


def echo(seed: str) -> str:
    """The key and the email in one of all spellings, which is always the same for a seed."""
    spelt = list(SPELLINGS.values())[crc32(seed.encode()) % len(SPELLINGS)]
    return f"{spelt(KEY)} {spelt(EMAIL)}"


def told(texts: Iterable[str]) -> list[str]:
    """Where a text holds the key or the person in any spelling: what is around it."""
    return [found for text in texts for reading in _readings(text) for found in _found(reading)]


def _found(text: str) -> Iterator[str]:
    lowered = text.casefold()
    for secret in _SECRETS:
        at = lowered.find(secret.casefold())
        if at >= 0:
            yield text[max(0, at - 80) : at + 80]
    for code in _CODES:
        if code in text:
            yield code


def _readings(text: str) -> Iterator[str]:
    """A text, and what it reads when its escapes are undone, again and again."""
    yield text
    for _ in range(4):
        before = text
        for decode in (_unescaped, html.unescape, unquote):
            text = decode(text)
        if text == before:
            return
        yield text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[found.lastindex or 0], 16) % 0x110000), text).replace(
        '\\"', '"'
    )


def _codes(secret: bytes) -> Iterator[str]:
    """What a text looks like as hexadecimal digits, and within anything that is written in base 64."""
    yield secret.hex()
    yield secret.hex().upper()
    for before in range(3):
        code = b64encode(b"." * before + secret).decode()
        yield code[4 if before else 0 : len(code) - 4]


_CODES = [code for secret in (KEY, EMAIL, NAME) for code in _codes(secret.encode())]

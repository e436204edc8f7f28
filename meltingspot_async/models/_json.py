"""JSON, from bytes to values and back: the same with the extra ``speed`` and without it.

orjson reads what it reads exactly; whatever it refuses, or would round, the standard library decides.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import NoReturn

from ..errors import InvalidResponseError, UsageError

_SHAPE = bytes.maketrans(b"123456789{", b"000000000[")
"""Turns every digit into a 0, and every brace that opens an object into the bracket that opens an array."""

_LONG_NUMBER = b"0" * 19
"""What a number looks like then that may not fit into 64 bits, so that orjson would round it."""

MAX_DEPTH = 200
"""Arrays and objects within each other that a text may hold: fewer than json, orjson and their users can bear."""

_TOO_DEEP = f"it has more than {MAX_DEPTH} arrays and objects within each other"


class NotJsonError(ValueError):
    """A body is not JSON. It holds nothing of the body."""


def read(body: bytes) -> object:
    """The value of a JSON text in UTF-8, with a byte order mark or without.

    Half a surrogate pair is accepted, and whole numbers are exact. NaN, infinities, and fractions beyond any float are
    refused: they are not JSON.

    :raises NotJsonError: the body is not JSON, is in another encoding, or is nested too deep to be read.
    """
    shape = body.translate(_SHAPE)
    problem = "it is not JSON" if body.strip() else "it is empty"
    for reader in (_exact,) if _LONG_NUMBER in shape else (_fast, _exact):
        try:
            value = reader(body)
        except ValueError:
            continue
        except RecursionError:
            problem = _TOO_DEEP
            break
        if shape.count(b"[") <= MAX_DEPTH or not _is_deep(value):
            return value
        problem = _TOO_DEEP
        break
    # Raised outside the handlers: the exceptions of json hold the text.
    raise NotJsonError(problem)


def parse(body: bytes, path: str) -> object:
    """What an answer's body holds.

    :raises InvalidResponseError: the body is not JSON.
    """
    try:
        return read(body)
    except NotJsonError as error:
        problem = str(error)
    raise InvalidResponseError(path, "$", problem)


def write(value: object) -> str:
    """The shortest JSON text of a value, on one line. Half a surrogate pair is escaped, as UTF-8 cannot hold it.

    :raises ValueError: the value holds NaN or an infinity, which are not JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace").decode()


def write_of_model(value: object) -> str:
    """The JSON text of what a program's model holds.

    :raises UsageError: the model holds NaN or an infinity.
    """
    try:
        return write(value)
    except ValueError:
        raise UsageError("The model holds NaN or an infinity, which JSON cannot hold: use None.") from None


def encodable(text: str) -> str:
    """A text that UTF-8 can hold: U+FFFD stands for half a surrogate pair."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_deep(value: object) -> bool:
    """Whether a value has more than ``MAX_DEPTH`` levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJsonError("a number is too large")
    return number


def _no_number(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is not a number")


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_no_number)


def _exact(body: bytes) -> object:
    """What the standard library reads; only UTF-8, in which json also accepts the bytes of half a surrogate pair."""
    return _decoder.decode(body.decode("utf-8-sig", "surrogatepass"))


def _fastest() -> Callable[[bytes], object]:
    """Orjson's reader, or our own where orjson is not installed or cannot be loaded."""
    try:
        from orjson import loads  # noqa: PLC0415 - orjson is an extra
    except Exception:  # noqa: BLE001 - a build for another machine can raise anything
        return _exact
    return loads


_fast = _fastest()

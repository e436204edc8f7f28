"""How one JSON value is checked and turned into a Python value, and how it is written back.

cattrs converts wherever it can (``null`` to ``"None"``, ``"false"`` to ``True``, ``2.9`` to ``2``). These hooks refuse
a value of another type than documented, with an error that names types and never the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast, get_args

from ._fields import EPOCH, OpenEnum
from ._frozen import JsonObject, WrongTypeError, bounded, frozen

_JSON_TYPES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}


def json_type(value: object) -> str:
    """What JSON calls the type of a value."""
    return _JSON_TYPES.get(type(value), "a number")


def structure_str(value: object, _: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise WrongTypeError(f"expected a string, got {json_type(value)}")
    return value


def structure_optional_str(value: object, _: object) -> str | None:
    """A text, or ``None`` for null and for ``{}``, which the documentation shows in place of an absent text."""
    return None if value is None or value == {} else structure_str(value, str)


def structure_int(value: object, _: object) -> int:
    """A whole number. JSON Schema, by which the service documents its answers, counts 33.0 as one."""
    if isinstance(value, float) and value.is_integer():
        return bounded(int(value))
    if not isinstance(value, int) or isinstance(value, bool):
        kind = "a fraction" if isinstance(value, float) else json_type(value)
        raise WrongTypeError(f"expected a whole number, got {kind}")
    return bounded(value)


def structure_bool(value: object, _: object) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise WrongTypeError(f"expected a boolean, got {json_type(value)}")
    return value


def structure_number(value: object, _: object) -> float:
    """A number, whole or not."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise WrongTypeError(f"expected a number, got {json_type(value)}")
    return bounded(value) if isinstance(value, int) else value


def structure_datetime(value: object, _: object) -> datetime:
    """An aware datetime, from ISO 8601 with a UTC offset. RFC 3339 allows a lower-case ``t`` and ``z``, too."""
    try:
        moment = datetime.fromisoformat(structure_str(value, str).upper())
    except ValueError:
        moment = None
    if moment is None:
        raise WrongTypeError("expected an ISO 8601 date and time, got another text")
    if moment.tzinfo is None:
        raise WrongTypeError("expected a date and time with its UTC offset, got one without")
    return moment


def structure_milliseconds(value: object, _: object) -> datetime:
    """An aware datetime, from Unix time in milliseconds or from ISO 8601."""
    if isinstance(value, str):
        return structure_datetime(value, datetime)
    try:
        moment = EPOCH + timedelta(milliseconds=structure_int(value, int))
    except OverflowError:
        moment = None
    if moment is None:
        raise WrongTypeError("expected milliseconds since 1970, got a number far beyond any date")
    return moment


def structure_property(value: object, _: object) -> object:
    """The value of a custom property: a text, a number or a boolean as it is, an array as a tuple of texts."""
    if value is None or isinstance(value, str | int | float):
        return frozen(value)
    if not isinstance(value, list):
        raise WrongTypeError(f"expected a text, a number, a boolean or an array, got {json_type(value)}")
    return tuple(structure_str(text, str) for text in cast("list[object]", value))


def structure_object(value: object, kind: Any) -> Mapping[str, object]:
    """An object whose fields are not documented. ``kind`` says whether their values must be texts."""
    if not isinstance(value, dict):
        raise WrongTypeError(f"expected an object, got {json_type(value)}")
    fields = cast("dict[str, object]", value)
    if get_args(kind)[1] is str:
        fields = {name: structure_str(text, str) for name, text in fields.items()}
    return JsonObject(fields)


def unstructure_enum(value: OpenEnum) -> str:
    """A text and nothing else: what does not know enums takes it, too."""
    return value.value


def unstructure_datetime(value: datetime) -> str:
    """ISO 8601, with ``Z`` for UTC as the service writes it."""
    return value.isoformat().replace("+00:00", "Z")


def unstructure_milliseconds(value: datetime) -> int:
    """Unix time in milliseconds."""
    return (value - EPOCH) // timedelta(milliseconds=1)

"""JSON values that cannot be changed, at any depth: what the models keep of fields that nobody documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn, cast, final

from .._redaction import redacted

MAX_DEPTH = 64
"""Arrays and objects within each other that a field may hold."""

LARGEST = 10**300
"""Number that no field may exceed: a float can still hold it."""


class WrongTypeError(Exception):
    """A value has another type than documented. The message names types only."""


@final
class JsonObject(dict[str, object]):
    """A JSON object as it was received: a dict that cannot be changed, at any depth.

    Its repr shows names only: values may be personal.
    """

    __slots__ = ()

    def __init__(self, fields: Mapping[str, object], depth: int = 1) -> None:
        super().__init__({name: frozen(value, depth + 1) for name, value in fields.items()})

    def __hash__(self) -> int:  # type: ignore[override] # a dict that cannot be changed has a hash
        return hash(frozenset(self))  # of the names only, because values can be arrays

    def __reduce__(self) -> tuple[type[JsonObject], tuple[dict[str, object]]]:
        return JsonObject, (dict(self),)

    def __repr__(self) -> str:
        return f"<JsonObject: {', '.join(redacted(name, 64) for name in self) or 'empty'}>"


@final
class JsonArray(list[object]):
    """A JSON array as it was received: a list that cannot be changed, at any depth. Its repr shows no values."""

    __slots__ = ()

    def __init__(self, items: Iterable[object], depth: int = 1) -> None:
        super().__init__([frozen(item, depth + 1) for item in items])

    def __hash__(self) -> int:  # type: ignore[override] # a list that cannot be changed has a hash
        return hash(len(self))

    def __reduce__(self) -> tuple[type[JsonArray], tuple[list[object]]]:
        return JsonArray, (list(self),)

    def __repr__(self) -> str:
        return f"<JsonArray of {len(self)}>"


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError(
        f"A {type(self).__name__} cannot be changed: make a copy with to_dict(), dict() or list()."
    )


for _name in ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(JsonObject, _name, _refuse)
for _name in (
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
    *("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
):
    setattr(JsonArray, _name, _refuse)


def frozen(value: object, depth: int = 1) -> object:
    """A JSON value that cannot be changed.

    :param depth: 1, or more within other arrays and objects.
    :raises WrongTypeError: it is nested deeper than ``MAX_DEPTH``, or holds a whole number beyond ``LARGEST``.
    """
    if isinstance(value, int):
        return bounded(value)
    if not isinstance(value, dict | list) or isinstance(value, JsonObject | JsonArray):
        return value
    if depth > MAX_DEPTH:
        raise WrongTypeError(f"expected at most {MAX_DEPTH} arrays and objects within each other, got more")
    if isinstance(value, dict):
        return JsonObject(cast("dict[str, object]", value), depth)
    return JsonArray(cast("list[object]", value), depth)


def thawed(value: object) -> object:
    """The same value made of plain dicts and lists, which are the caller's own."""
    if isinstance(value, Mapping):
        return {name: thawed(inner) for name, inner in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [thawed(inner) for inner in cast("list[object]", value)]
    return value


def bounded(number: int) -> int:
    """A whole number, if it is one that a float can hold.

    :raises WrongTypeError: it is larger.
    """
    if not -LARGEST <= number <= LARGEST:
        raise WrongTypeError("expected a number of at most 300 digits, got a longer one")
    return number

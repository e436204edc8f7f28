"""Checks of option values, most of them attrs validators. A wrong value is refused where it is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import UnionType
from typing import Any

import attrs

from .errors import UsageError


def is_number(value: object) -> bool:
    """Whether a value is a finite number that a float can hold (and not a bool)."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def positive(instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    """Refuse a field that is not a finite number above zero."""
    if not is_number(value) or value <= 0:
        raise UsageError(f"{attribute.name} must be a number above 0, not {value!r}.")


def not_negative(instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    """Refuse a field that is not a finite number, zero or above."""
    require_not_negative(attribute.name, value)


def require_not_negative(name: str, value: float) -> None:
    """Refuse an argument that is not a finite number, zero or above."""
    if not is_number(value) or value < 0:
        raise UsageError(f"{name} must be a number, 0 or above, not {value!r}.")


def whole_positive(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    """Refuse a field that is not a whole number, one or above."""
    require_count(attribute.name, value)


def require_count(name: str, value: object) -> None:
    """Refuse an argument that is not a whole number, one or above."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{name} must be a whole number, 1 or above, not {value!r}.")


def instance_of(kind: type | UnionType) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """A validator that refuses a value of another class."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kind):
            expected = getattr(kind, "__name__", kind)
            raise UsageError(f"{attribute.name} must be a {expected}, not {type(value).__name__}.")

    return check

"""Kinds of fields that the models have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

import attrs


class OpenEnum(StrEnum):
    """An enum that lives with values it does not know: the documentation calls no list of values complete.

    An unknown value is member-like: an instance, equal and hashable like its string, picklable. It is not
    kept: ``list()`` of the class shows the documented values only.
    """

    @property
    def is_known(self) -> bool:
        """Whether this is one of the documented values."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __repr__(self) -> str:
        known = "" if self.is_known else " (unknown)"
        return f"<{type(self).__name__}: {self._value_!r}{known}>"


def personal() -> Any:
    """A field of personal data: there to be read, and left out of the repr, which ends up in logs."""
    return attrs.field(repr=lambda value: "None" if value is None else "'…'")

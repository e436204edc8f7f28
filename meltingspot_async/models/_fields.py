"""The kinds of fields that several models use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self, final

import attrs

from .._redaction import redacted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where Unix time begins."""

Milliseconds = Annotated[datetime, "Unix time in milliseconds"]
"""A datetime that the service writes as an integer. An ISO 8601 string is accepted too."""


class OpenEnum(StrEnum):
    """An enum that accepts values it does not list: the documentation calls no list of values complete.

    An unknown value is like a member: an instance, equal to its string and with its hash, picklable. The class
    does not keep it: ``list()`` of the class shows the documented values only.
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


@final
class JsonObject(Mapping[str, object]):
    """A JSON object as it was received. It cannot be changed, and its repr shows names only: values may be personal."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> object:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __hash__(self) -> int:
        return hash(frozenset(self._fields))  # of the names only, because values can be lists

    def __repr__(self) -> str:
        return f"<JsonObject: {', '.join(redacted(name, 64) for name in self._fields) or 'empty'}>"


def hidden(value: object) -> str:
    """What a repr, which ends up in logs, shows of personal data: only whether there is any."""
    return "None" if value is None else "'…'"


def personal() -> Any:
    """A field of personal data, which the repr does not show."""
    return attrs.field(repr=hidden)

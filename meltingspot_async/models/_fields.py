"""The kinds of fields that several models use."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import EnumType, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

import attrs

from .._redaction import redacted

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

MAX_LABEL = 64
"""Characters that a repr shows of an unknown value."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where Unix time begins."""

Milliseconds = Annotated[datetime, "Unix time in milliseconds"]
"""A datetime that the service writes as an integer. An ISO 8601 string is accepted too."""

PropertyValue = str | float | bool | tuple[str, ...]
"""The value of a custom property, by its type: a text, a number, a boolean, or several texts."""


class OpenEnumType(EnumType):
    """Makes ``value in SomeEnum`` mean "is documented", on every Python alike, for members and texts."""

    def __contains__(cls, value: object) -> bool:
        return isinstance(value, str) and value in cls._value2member_map_


class OpenEnum(StrEnum, metaclass=OpenEnumType):
    """An enum that accepts values it does not list: the documentation calls no list of values complete.

    An unknown value is like a member: an instance, equal to its string and with its hash, picklable. The class
    does not keep it: ``list()`` of the class shows the documented values only, and ``value in`` the class is false.
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

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        """What pydantic, and so FastAPI, asks a class for: a text, of which the documented ones are examples."""
        examples = [member.value for member in cls]
        words = f"{first_paragraph(cls)} Other values are possible."
        return {"type": "string", "title": cls.__name__, "description": words, "examples": examples}

    def __repr__(self) -> str:
        shown = repr(self._value_) if self.is_known else f"{redacted(self._value_, MAX_LABEL)!r} (unknown)"
        return f"<{type(self).__name__}: {shown}>"


def first_paragraph(documented: type) -> str:
    """What a class is, in the first words of its docstring, as Markdown on one line."""
    return " ".join((documented.__doc__ or "").partition("\n\n")[0].replace("``", "`").split())


def hidden(value: object) -> str:
    """What a repr, which ends up in logs, shows of personal data: only whether there is any."""
    return "None" if value is None else "'…'"


def personal() -> Any:
    """A field of personal data, which the repr does not show."""
    return attrs.field(repr=hidden)


def lenient(**options: Any) -> Any:
    """An optional field that the service documents by an example only, or not on every page.

    A value of another shape does not make the answer invalid: the field is ``None`` then, and ``extra`` keeps it.
    """
    return attrs.field(default=None, metadata={LENIENT: True}, **options)


LENIENT = "lenient"
"""Marks such a field in its metadata."""

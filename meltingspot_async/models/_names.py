"""The rule that turns our names into the service's names. Models and filters share it."""

from __future__ import annotations

import attrs


def camel_case(name: str) -> str:
    """The service's spelling of an attribute or argument: ``spot_member_id`` is ``spotMemberId``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def field_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """The documented fields of a model, as the service writes their names, in order."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.name != "extra")


def required_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """The documented fields that every answer must have, as the service writes their names."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.default is attrs.NOTHING)

"""The base of the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ._fields import JsonObject
from ._names import camel_case


def extra_last(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Put the inherited ``extra`` behind a model's own fields, which stay in the order of the documentation."""
    return sorted(fields, key=lambda field: field.name == "extra")


@attrs.frozen(kw_only=True)
class Model:
    """What all models have in common. A model is frozen; equal ones are equal and have one hash.

    A field that may be absent or null is ``None`` then.
    """

    extra: Mapping[str, object] = attrs.field(default=JsonObject({}))
    """Whatever else the service sends, by its own names, as it was received. It cannot be changed."""


def field_names(model: type[Model]) -> tuple[str, ...]:
    """The documented fields of a model, as the service writes their names, in order."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.name != "extra")


def required_names(model: type[Model]) -> tuple[str, ...]:
    """The documented fields that no answer may lack."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.default is attrs.NOTHING)

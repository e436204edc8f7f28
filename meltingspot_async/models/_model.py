"""The base class of the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ._frozen import JsonObject
from ._names import camel_case


def extra_last(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Move the inherited ``extra`` behind a model's own fields, which keep the order of the documentation."""
    return sorted(fields, key=lambda field: field.name == "extra")


@attrs.frozen(kw_only=True)
class Model:
    """Base class of all models. A model is frozen, and equal models have equal hashes.

    A field that the answer lacks, or that is null, is ``None``.
    """

    extra: Mapping[str, object] = attrs.field(default=JsonObject({}))
    """Fields that the model does not document, by the service's own names, as received. It cannot be changed."""


def field_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """The documented fields of a model, as the service writes their names, in order."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.name != "extra")


def required_names(model: type[Model]) -> tuple[str, ...]:
    """The documented fields that every answer must have, as the service writes their names."""
    return tuple(camel_case(field.name) for field in attrs.fields(model) if field.default is attrs.NOTHING)

"""Hypothesis strategies for models, made of the types of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

import attrs
from hypothesis import strategies as st

from meltingspot_async.models import Model
from meltingspot_async.models._fields import Milliseconds, OpenEnum, PropertyValue
from meltingspot_async.models._frozen import JsonObject

from .documents import json_values

M = TypeVar("M", bound=Model)

MOMENTS = st.datetimes(timezones=st.just(UTC))
SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    float: st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: MOMENTS,
    Milliseconds: MOMENTS.map(lambda moment: moment - timedelta(microseconds=moment.microsecond % 1000)),
    PropertyValue | None: st.none()
    | st.text()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text(), max_size=3).map(tuple),
}
"""Values of the types that hold no others."""

UNKNOWN_FIELDS = st.dictionaries(st.text().map("x-{}".format), json_values, max_size=3).map(JsonObject)


_MADE: dict[object, st.SearchStrategy[Any]] = {}
"""A strategy takes longer to make than a model to draw."""


def any_model(model: type[M]) -> st.SearchStrategy[M]:
    """Instances of a model with any values that its fields allow, and any unknown fields in ``extra``."""
    if model not in _MADE:
        fields = attrs.fields(attrs.resolve_types(model, include_extras=True))
        values = {field.name: any_value(field.type) for field in fields if field.name != "extra"}
        _MADE[model] = st.builds(model, **values, extra=UNKNOWN_FIELDS)
    return _MADE[model]


def any_value(kind: Any) -> st.SearchStrategy[Any]:
    """Values of one field's type."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if NoneType in get_args(kind):
        (present,) = (option for option in get_args(kind) if option is not NoneType)
        return st.none() | any_value(present)
    if get_origin(kind) is tuple:
        return st.lists(any_value(get_args(kind)[0]), max_size=3).map(tuple)
    if get_origin(kind) is Mapping:
        values = st.text() if get_args(kind)[1] is str else json_values
        return st.dictionaries(st.text(), values, max_size=3).map(JsonObject)
    if issubclass(kind, OpenEnum):
        return (st.sampled_from(list(kind)) | st.text()).map(kind)
    return any_model(kind)

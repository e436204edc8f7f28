"""The models have the fields, types and values of the contract, and no others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_origin

import attrs
import pytest

from meltingspot_async import models, to_dict
from meltingspot_async.models._converter import _converter, structure
from meltingspot_async.models._fields import Milliseconds, OpenEnum, PropertyValue
from meltingspot_async.models._names import field_names

from .contract import SCHEMAS, model_of

STRICT = _converter.copy(forbid_extra_keys=True)
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name, schema in SCHEMAS.items()
    for number, example in enumerate(schema["examples"])
]


def test_models_and_schemas_correspond() -> None:
    """Each schema of the contract has a model, and each model a schema."""
    classes = {name for name in models.__all__ if attrs.has(getattr(models, name))} - {"Model"}
    assert classes == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_model_has_the_documented_fields(name: str) -> None:
    """The fields of a model are those of its schema: by name, by kind, and by whether they can be absent."""
    schema, model = SCHEMAS[name], attrs.resolve_types(model_of(name), include_extras=True)
    fields = dict(zip(field_names(model), attrs.fields(model), strict=False))
    assert set(fields) == set(schema["properties"])
    assert {n for n, field in fields.items() if field.default is attrs.NOTHING} == set(
        schema.get("required", [])
    )
    assert {n: described(field.type) for n, field in fields.items()} == {
        n: expected(documented) for n, documented in schema["properties"].items()
    }


def expected(schema: dict[str, Any]) -> tuple[Any, ...]:
    """A field's type in the contract: its kind, whether it may be null, and the type of an array's items."""
    types = schema.get("type", "object")
    kinds = {types} if isinstance(types, str) else set(types)
    inner = expected(schema["items"]) if "items" in schema and "string" not in kinds else None
    kind: object = frozenset(kinds - {"null"})
    if schema.get("format") == "date-time":
        kind = "date"
    elif schema.get("x-unit") == "ms":
        kind = "milliseconds"
    elif "x-known" in schema:
        kind = frozenset(schema["x-known"])
    elif "$ref" in schema:
        kind = schema["$ref"].rpartition("/")[2]
    elif kinds <= {"array", "null"}:
        kind = "array"
    return kind, "null" in kinds, inner


SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean"}


def described(kind: Any) -> tuple[Any, ...]:
    """A field's type in a model, in the form of :func:`expected`."""
    if kind == PropertyValue | None:
        return frozenset({"string", "number", "boolean", "array"}), True, None
    options = get_args(kind) if NoneType in get_args(kind) else (kind,)
    (only,) = [option for option in options if option is not NoneType]
    inner: tuple[Any, ...] | None = None
    what: object = None
    if only == Milliseconds:
        what = "milliseconds"
    elif get_origin(only) is tuple:
        what, inner = "array", described(get_args(only)[0])
    elif get_origin(only) is Mapping:
        what = frozenset({"object"})
    elif attrs.has(only):
        what = only.__name__
    elif issubclass(only, OpenEnum):
        what = frozenset(member.value for member in only)
    else:
        what = "date" if only is datetime else frozenset({SIMPLE[only]})
    return what, len(options) > 1, inner


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_documented_example_is_structured_completely(name: str, example: dict[str, object]) -> None:
    """Structuring a documented example meets no unknown field or value, and writing it back loses nothing."""
    STRICT.structure(example, model_of(name))
    noticed: list[object] = []
    item = structure(json.dumps(example).encode(), model_of(name), "/", noticed.append)
    assert not noticed
    again = structure(json.dumps(to_dict(item)).encode(), model_of(name), "/")
    assert again == item
    assert {n for n, value in to_dict(item).items() if value is not None} == {
        n for n, value in example.items() if value is not None and not (value == {} and n in NAMES)
    }


NAMES = {"spotMemberFirstname", "spotMemberLastname", "description"}


def test_field_without_a_model_fails_these_tests() -> None:
    """What is only in the contract does not pass the strict converter: these tests can fail."""
    with pytest.raises(Exception, match="Group"):
        STRICT.structure({"id": "g", "name": "n", "somethingNew": 1}, models.Group)


@pytest.mark.parametrize("name", SCHEMAS)
def test_models_are_frozen_hashable_and_discreet(name: str) -> None:
    """A model is frozen and hashable, and its repr shows no personal data."""
    item = STRICT.structure(SCHEMAS[name]["examples"][0], model_of(name))
    hash(item)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        item.extra = {}
    shown = repr(item)
    assert not [word for word in ("ada@", "Byron", "'Ada'", "Analyst", "value='Sales'") if word in shown]

"""The models as pydantic and FastAPI see them. Imported when pydantic asks, and never before.

Checking is that of ``from_dict``, writing that of ``to_dict``. Only the JSON schema is made by pydantic, of the
types of the fields.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from textwrap import dedent
from typing import Any, cast, get_args, get_type_hints

import attrs
from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..errors import InvalidResponseError
from ._converter import structure_document, unstructure
from ._fields import Milliseconds, first_paragraph
from ._json import encodable
from ._names import camel_case, required_names


def model_schema(model: type[attrs.AttrsInstance], handler: GetCoreSchemaHandler) -> CoreSchema:
    """How pydantic checks and writes a model, and the fields of which it makes the JSON schema."""
    kinds = {
        camel_case(name): _written_kind(kind)
        for name, kind in get_type_hints(model, include_extras=True).items()
        if name != "extra"
    }
    required = required_names(model)
    fields = {
        name: core_schema.typed_dict_field(handler.generate_schema(kind), required=name in required)
        for name, kind in kinds.items()
    }
    written = dict.fromkeys(kinds, core_schema.typed_dict_field(core_schema.any_schema()))

    def check(value: object, _: object) -> object:
        return value if isinstance(value, model) else _checked(value, model)

    check.__qualname__ = check.__name__ = model.__name__  # it stands in the text of an error
    return core_schema.no_info_wrap_validator_function(
        check,
        core_schema.typed_dict_schema(fields, extra_behavior="allow"),
        ref=f"{model.__module__}.{model.__qualname__}",
        serialization=core_schema.wrap_serializer_function_ser_schema(
            _write, info_arg=True, schema=core_schema.typed_dict_schema(written, extra_behavior="allow")
        ),
    )


def model_description(
    model: type[attrs.AttrsInstance], schema: CoreSchema, handler: GetJsonSchemaHandler
) -> dict[str, Any]:
    """The JSON schema of a model, with the words of its docstrings."""
    fields = cast("core_schema.WrapValidatorFunctionSchema", schema)["schema"]
    description = handler.resolve_ref_schema(handler(fields))
    description["title"] = model.__name__
    if words := first_paragraph(model):
        description["description"] = words
    for name, text in _docstrings(model):
        description["properties"][camel_case(name)]["description"] = text
    return description


def _written_kind(kind: object) -> object:
    """The type of what stands in JSON for a field's values, if pydantic would expect another."""
    if kind == Milliseconds:
        return int
    return int | None if Milliseconds in get_args(kind) else kind


def _checked(value: object, model: type[attrs.AttrsInstance]) -> object:
    """The model that a mapping describes. The error of one that does not fit quotes nothing of it."""
    try:
        return structure_document(dict(value) if isinstance(value, Mapping) else value, model, "", "$")  # pyright: ignore[reportUnknownArgumentType] # of a mapping
    except InvalidResponseError as error:
        where, problem = error.field, error.problem
    place = tuple(int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", where))
    kind = PydanticCustomError("not_as_documented", "{problem}", {"problem": problem})
    raise ValidationError.from_exception_data(
        model.__name__, [{"type": kind, "loc": place, "input": "…"}], hide_input=True
    )


def _write(model: object, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> object:
    """A model as ``to_dict`` writes it, without what the caller excludes."""
    document = unstructure(model)
    return write(_encodable(document) if info.mode == "json" else document)


def _encodable(value: object) -> object:
    """A JSON value that UTF-8 can hold: pydantic cannot escape half a surrogate pair."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {
            encodable(name): _encodable(inner) for name, inner in cast("dict[str, object]", value).items()
        }
    return [_encodable(inner) for inner in cast("list[object]", value)] if isinstance(value, list) else value


def _docstrings(model: type) -> Iterator[tuple[str, str]]:
    """The fields of a class with their docstrings, which only its source has, where there is one."""
    try:
        (tree,) = ast.parse(dedent(inspect.getsource(model))).body
    except (OSError, TypeError):
        return
    for field, text in pairwise(cast("ast.ClassDef", tree).body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(words))):
                yield name, " ".join(words.replace("``", "`").split())
            case _:
                pass

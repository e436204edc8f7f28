"""From bytes to models: the one cattrs converter, which takes nothing for what it is not.

cattrs converts where it can (``null`` to ``"None"``, ``"false"`` to ``True``, ``2.9`` to ``2``). Here every
primitive is checked instead, and what does not fit is an :class:`~meltingspot_async.InvalidResponseError`
that names the field, and never the value. Fields the models do not know are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from types import GenericAlias
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from .errors import InvalidResponseError
from .models.fields import OpenEnum

_json = import_module("orjson" if find_spec("orjson") else "json")  # the extra "speed"

T = TypeVar("T")

_JSON_TYPES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}


class _WrongTypeError(Exception):
    """A value of another type than documented. Its text holds types only."""


def structure(body: bytes, model: type[T], path: str) -> T:
    """The model that an answer's body describes.

    :param path: path that was asked for, for the error's text.
    :raises InvalidResponseError: if the body is not JSON, or not of the documented shape.
    """
    field = "$"
    try:
        return _converter.structure(_json.loads(body), model)
    except ClassValidationError as error:
        field, problem = _first_problem(error)
    except _WrongTypeError as error:
        problem = str(error)
    except (ValueError, RecursionError):
        problem = "it is not JSON" if body.strip() else "it is empty"
    # Raised outside the handlers: the exceptions of cattrs and json hold values of the answer.
    raise InvalidResponseError(path, field, problem)


def unstructure(model: attrs.AttrsInstance) -> dict[str, object]:
    """A model as the service would write it: camelCase names, dates as ISO 8601 strings."""
    document: dict[str, object] = _converter.unstructure(model)
    return document


def field_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """The names of a model's fields as the service writes them, in order."""
    return tuple(_camel_case(a.name) for a in attrs.fields(model))


def _first_problem(error: ClassValidationError) -> tuple[str, str]:
    """The first field at fault, as a JSON path in the service's spelling, and what is wrong with it."""
    path, cause = "$", cast("Exception", error)
    while isinstance(cause, ClassValidationError | IterableValidationError):
        cause, note = cause.group_exceptions()[0][0]
        path += (
            f"[{note.index}]" if isinstance(note, IterableValidationNote) else f".{_camel_case(note.name)}"
        )
    return path, "it is missing" if isinstance(cause, KeyError) else str(cause)


def _camel_case(name: str) -> str:
    """The service's spelling of an attribute: ``spot_member_id`` is ``spotMemberId``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _json_type(value: object) -> str:
    return _JSON_TYPES.get(type(value), "a number")


def _structure_str(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise _WrongTypeError(f"expected a string, got {_json_type(value)}")
    return value


def _structure_optional_str(value: object, _: object) -> str | None:
    """Null, or ``{}``, which the documentation shows where a text is evidently absent."""
    return None if value is None or value == {} else _structure_str(value, str)


def _structure_int(value: object, _: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        kind = "a fraction" if isinstance(value, float) else _json_type(value)
        raise _WrongTypeError(f"expected a whole number, got {kind}")
    return value


def _structure_datetime(value: object, _: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_structure_str(value, str))
    except ValueError:
        moment = None
    if moment is None:
        raise _WrongTypeError("expected an ISO 8601 date and time, got another text")
    if moment.tzinfo is None:
        raise _WrongTypeError("expected a date and time with its UTC offset, got one without")
    return moment


def _structure_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    return enum(_structure_str(value, str))


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _array_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure a tuple of any length, from an array only: cattrs would take a text for one, too."""
    items = GenericAlias(list, get_args(kind)[0])
    structure_items = converter.get_structure_hook(items)

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, list):
            raise _WrongTypeError(f"expected an array, got {_json_type(value)}")
        return tuple(structure_items(cast("list[object]", value), items))

    return hook


def _unstructure_datetime(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _renamed(model: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The one place where attributes are mapped to the service's names."""
    return {a.name: override(rename=_camel_case(a.name)) for a in attrs.fields(model)}


def _model_hook(model: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any, Any], Any]:
    structure_fields = make_dict_structure_fn(model, converter, **_renamed(model))

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, dict):
            raise _WrongTypeError(f"expected an object, got {_json_type(value)}")
        return structure_fields(cast("dict[str, object]", value), model)

    return hook


def _model_unhook(model: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any], Any]:
    return make_dict_unstructure_fn(model, converter, **_renamed(model))


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, _model_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook(str, _structure_str)
    converter.register_structure_hook(int, _structure_int)
    converter.register_structure_hook(datetime, _structure_datetime)
    converter.register_structure_hook(OpenEnum, _structure_enum)
    converter.register_structure_hook_func(lambda kind: kind == str | None, _structure_optional_str)
    converter.register_unstructure_hook_factory(attrs.has, _model_unhook)
    converter.register_unstructure_hook(datetime, _unstructure_datetime)
    return converter


_converter = _make_converter()

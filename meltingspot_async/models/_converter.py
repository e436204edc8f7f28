"""From bytes to models: the one cattrs converter, which takes nothing for what it is not.

cattrs converts where it can (``null`` to ``"None"``, ``"false"`` to ``True``, ``2.9`` to ``2``). Here every
primitive is checked instead, and what does not fit is an :class:`~meltingspot_async.InvalidResponseError`
that names the field, and never the value. Fields that a model does not know are kept in its ``extra``, and they
and unknown enum values are told to whoever wants to notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import GenericAlias
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from .._redaction import redacted
from ..errors import InvalidResponseError
from ..events import Drift, UnknownField, UnknownValue
from ._fields import EPOCH, JsonObject, Milliseconds, OpenEnum
from ._names import camel_case
from .custom_property_value import PropertyValue

_json = import_module("orjson" if find_spec("orjson") else "json")  # the extra "speed"

T = TypeVar("T")

_JSON_TYPES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}


_LABEL_LENGTH = 64
"""Characters shown of an unknown name or value."""

Notice = Callable[[Drift], None]
"""Told of each unknown field and enum value, as often as it comes."""


def ignore(drift: Drift) -> None:
    """Notice nothing."""


_notice: ContextVar[Notice] = ContextVar("notice", default=ignore)


class _WrongTypeError(Exception):
    """A value of another type than documented. Its text holds types only."""


def structure(body: bytes, model: type[T], path: str, notice: Notice = ignore) -> T:
    """The model that an answer's body describes.

    :param path: path that was asked for, for the error's text.
    :param notice: told of what the models do not know.
    :raises InvalidResponseError: if the body is not JSON, or not of the documented shape.
    """
    field = "$"
    before = _notice.set(notice)
    try:
        return _converter.structure(_json.loads(body), model)
    except ClassValidationError as error:
        field, problem = _first_problem(error)
    except _WrongTypeError as error:
        problem = str(error)
    except (ValueError, RecursionError):
        problem = "it is not JSON" if body.strip() else "it is empty"
    finally:
        _notice.reset(before)
    # Raised outside the handlers: the exceptions of cattrs and json hold values of the answer.
    raise InvalidResponseError(path, field, problem)


def to_dict(model: attrs.AttrsInstance) -> dict[str, object]:
    """A model as the service would write it: in its names and its forms of dates, ``extra`` fields in their place."""
    document: dict[str, object] = _converter.unstructure(model)
    return document


def field_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """The names of a model's fields as the service writes them, in order."""
    return tuple(camel_case(a.name) for a in attrs.fields(model) if a.name != "extra")


def required_names(model: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    """Those of them that are always there."""
    return tuple(camel_case(a.name) for a in attrs.fields(model) if a.default is attrs.NOTHING)


def _first_problem(error: ClassValidationError) -> tuple[str, str]:
    """The first field at fault, as a JSON path in the service's spelling, and what is wrong with it."""
    path, cause = "$", cast("Exception", error)
    while isinstance(cause, ClassValidationError | IterableValidationError):
        cause, note = cause.group_exceptions()[0][0]
        path += f"[{note.index}]" if isinstance(note, IterableValidationNote) else f".{camel_case(note.name)}"
    return path, "it is missing" if isinstance(cause, KeyError) else str(cause)


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


def _structure_bool(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongTypeError(f"expected a boolean, got {_json_type(value)}")
    return value


def _structure_number(value: object, _: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _WrongTypeError(f"expected a number, got {_json_type(value)}")
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


def _structure_milliseconds(value: object, _: object) -> datetime:
    if isinstance(value, str):
        return _structure_datetime(value, datetime)
    try:
        moment = EPOCH + timedelta(milliseconds=_structure_int(value, int))
    except OverflowError:
        moment = None
    if moment is None:
        raise _WrongTypeError("expected milliseconds since 1970, got a number far beyond any date")
    return moment


def _structure_property(value: object, _: object) -> object:
    """A text, a number or a yes or no as it is; several texts from an array."""
    if value is None or isinstance(value, str | int | float):
        return value
    if not isinstance(value, list):
        raise _WrongTypeError(f"expected a text, a number, a boolean or an array, got {_json_type(value)}")
    return tuple(_structure_str(text, str) for text in cast("list[object]", value))


def _label(text: str) -> str:
    """What is shown of an unknown name or value."""
    return _short_label(text) if len(text) <= _LABEL_LENGTH else redacted(text, _LABEL_LENGTH)


@lru_cache(maxsize=1_000)  # the same few names stand in every line of an export
def _short_label(text: str) -> str:
    return redacted(text, _LABEL_LENGTH)


def _structure_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    member = enum(_structure_str(value, str))
    if not member.is_known:
        _notice.get()(UnknownValue(enum.__name__, _label(member)))
    return member


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _structure_object(value: object, kind: Any) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _WrongTypeError(f"expected an object, got {_json_type(value)}")
    fields = cast("dict[str, object]", value)
    if get_args(kind)[1] is str:
        fields = {name: _structure_str(text, str) for name, text in fields.items()}
    return JsonObject(fields)


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


def _unstructure_milliseconds(value: datetime) -> int:
    return (value - EPOCH) // timedelta(milliseconds=1)


def _overrides(model: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The one place where attributes are mapped to the service's names; ``extra`` has none."""
    return {
        a.name: override(omit=True) if a.name == "extra" else override(rename=camel_case(a.name))
        for a in attrs.fields(model)
    }


def _model_hook(model: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any, Any], Any]:
    structure_fields = make_dict_structure_fn(model, converter, **_overrides(model))
    known = frozenset(field_names(model))
    keeps_others = any(a.name == "extra" for a in attrs.fields(model))

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, dict):
            raise _WrongTypeError(f"expected an object, got {_json_type(value)}")
        fields = cast("dict[str, object]", value)
        made = structure_fields(fields, model)
        if keeps_others and not known.issuperset(fields):
            others = JsonObject({name: fields[name] for name in fields if name not in known})
            notice = _notice.get()
            for name in others:
                notice(UnknownField(model.__name__, _label(name)))
            # Set behind the frozen class's back, before anybody has seen it: an attrs.evolve would cost as
            # much as the whole model, for every line of an export.
            object.__setattr__(made, "extra", others)
        return made

    return hook


def _model_unhook(model: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any], Any]:
    unstructure_fields = make_dict_unstructure_fn(model, converter, **_overrides(model))

    def unhook(value: Any) -> dict[str, object]:
        return unstructure_fields(value) | dict(value.extra)

    return unhook


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, _model_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook(str, _structure_str)
    converter.register_structure_hook(int, _structure_int)
    converter.register_structure_hook(float, _structure_number)
    converter.register_structure_hook(bool, _structure_bool)
    converter.register_structure_hook(datetime, _structure_datetime)
    converter.register_structure_hook(OpenEnum, _structure_enum)
    converter.register_structure_hook_func(lambda kind: kind == str | None, _structure_optional_str)
    converter.register_structure_hook_func(lambda kind: kind == Milliseconds, _structure_milliseconds)
    converter.register_structure_hook_func(lambda kind: kind == PropertyValue | None, _structure_property)
    converter.register_structure_hook_func(_is_object, _structure_object)
    converter.register_unstructure_hook_factory(attrs.has, _model_unhook)
    converter.register_unstructure_hook(datetime, _unstructure_datetime)
    converter.register_unstructure_hook_func(lambda kind: kind == Milliseconds, _unstructure_milliseconds)
    converter.register_unstructure_hook(JsonObject, dict)
    return converter


_converter = _make_converter()

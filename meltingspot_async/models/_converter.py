"""From documents to models and back: the one cattrs converter.

A document that does not fit its model is an :class:`~meltingspot_async.InvalidResponseError` that names the field, and
never the value. A model keeps the fields that it does not document in ``extra``; a callback learns of them, and of
unknown values of enums.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import GenericAlias
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from .._redaction import redacted
from ..errors import InvalidResponseError, UsageError
from ..events import Drift, UnknownField, UnknownValue
from . import _values as values
from ._fields import JsonObject, Milliseconds, OpenEnum
from ._model import Model, field_names
from ._names import camel_case
from .custom_property_value import PropertyValue

_json = import_module("orjson" if find_spec("orjson") else "json")  # the extra "speed"

T = TypeVar("T")
M = TypeVar("M", bound=Model)

MAX_LABEL = 64
"""Characters shown of an unknown name or value."""

Notice = Callable[[Drift], None]
"""A callback for each unknown field and each unknown value of an enum, every time one is met."""


def ignore(drift: Drift) -> None:
    """Do nothing."""


_notice: ContextVar[Notice] = ContextVar("notice", default=ignore)


def structure(body: bytes, model: type[T], path: str, notice: Notice = ignore) -> T:
    """The model that an answer's body describes.

    :param path: path of the request, for the error's text.
    :param notice: called for each field and value that the models do not document.
    :raises InvalidResponseError: the body is not JSON, or not of the documented shape.
    """
    try:
        document = _json.loads(body)
    except (ValueError, RecursionError):
        problem = "it is not JSON" if body.strip() else "it is empty"
    else:
        return _structure(document, model, path, notice)
    # Raised outside the handler: the exceptions of json hold text of the answer.
    raise InvalidResponseError(path, "$", problem)


def to_dict(model: Model) -> dict[str, object]:
    """A model as the service writes it: a dict ready for JSON, with the service's names and forms of dates.

    The fields of ``extra`` stand among the others.

    :raises UsageError: ``model`` is not a model.
    """
    if not isinstance(model, Model):
        raise UsageError(f"to_dict takes a model, not {type(model).__name__}.")
    document: dict[str, object] = _converter.unstructure(model)
    return document


def to_json(model: Model) -> str:
    """A model as the text of a JSON object, as the service writes it; see :func:`to_dict`.

    :raises UsageError: ``model`` is not a model.
    """
    return json.dumps(to_dict(model), ensure_ascii=False)


def from_dict(model: type[M], document: Mapping[str, object]) -> M:
    """The model that a document describes: the inverse of :func:`to_dict`, as strict as for an answer.

    :param model: class of the model, such as ``CourseParticipant``.
    :param document: a JSON object as the service or :func:`to_dict` wrote it.
    :raises InvalidResponseError: the document is not of the documented shape; ``path`` is empty.
    :raises UsageError: ``model`` is not a model, or ``document`` not a mapping.
    """
    if not (isinstance(model, type) and issubclass(model, Model)):
        raise UsageError("from_dict takes a model class, such as CourseParticipant, and then a mapping.")
    if not isinstance(document, Mapping):
        raise UsageError(f"from_dict takes a mapping, not {type(document).__name__}.")
    return _structure(dict(document), model, "", ignore)


def _structure(document: object, model: type[T], path: str, notice: Notice) -> T:
    field = "$"
    before = _notice.set(notice)
    try:
        return _converter.structure(document, model)
    except ClassValidationError as error:
        field, problem = _first_problem(error)
    except values.WrongTypeError as error:
        problem = str(error)
    finally:
        _notice.reset(before)
    # Raised outside the handlers: the exceptions of cattrs hold values of the answer.
    raise InvalidResponseError(path, field, problem)


def _first_problem(error: ClassValidationError) -> tuple[str, str]:
    """The JSON path of the first field that does not fit, in the service's spelling, and what is wrong with it."""
    path, cause = "$", cast("Exception", error)
    while isinstance(cause, ClassValidationError | IterableValidationError):
        cause, note = cause.group_exceptions()[0][0]
        path += f"[{note.index}]" if isinstance(note, IterableValidationNote) else f".{camel_case(note.name)}"
    return path, "it is missing" if isinstance(cause, KeyError) else str(cause)


def _label(text: str) -> str:
    """An unknown name or value as a report may show it."""
    return _short_label(text) if len(text) <= MAX_LABEL else redacted(text, MAX_LABEL)


@lru_cache(maxsize=1_000)  # the same few names stand in every line of an export
def _short_label(text: str) -> str:
    return redacted(text, MAX_LABEL)


def _structure_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    member = enum(values.structure_str(value, str))
    if not member.is_known:
        _notice.get()(UnknownValue(enum.__name__, _label(member)))
    return member


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _array_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure a tuple of any length from an array only: cattrs would also accept a text."""
    items = GenericAlias(list, get_args(kind)[0])
    structure_items = converter.get_structure_hook(items)

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, list):
            raise values.WrongTypeError(f"expected an array, got {values.json_type(value)}")
        return tuple(structure_items(cast("list[object]", value), items))

    return hook


def _overrides(model: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The only place that gives attributes the service's names; ``extra`` has no such name."""
    return {
        a.name: override(omit=True) if a.name == "extra" else override(rename=camel_case(a.name))
        for a in attrs.fields(model)
    }


def _structure_hook(cls: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure a model, or a page of them."""
    structure_fields = make_dict_structure_fn(cls, converter, **_overrides(cls))
    known = frozenset(field_names(cls))
    keeps_others = issubclass(get_origin(cls) or cls, Model)

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, dict):
            raise values.WrongTypeError(f"expected an object, got {values.json_type(value)}")
        fields = cast("dict[str, object]", value)
        made = structure_fields(fields, cls)
        if keeps_others and not known.issuperset(fields):
            others = JsonObject({name: fields[name] for name in fields if name not in known})
            notice = _notice.get()
            for name in others:
                notice(UnknownField(cls.__name__, _label(name)))
            # The class is frozen, but nobody has seen this instance yet. An attrs.evolve for every line of an
            # export would cost as much again as the whole model.
            object.__setattr__(made, "extra", others)
        return made

    return hook


def _unstructure_hook(cls: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any], Any]:
    unstructure_fields = make_dict_unstructure_fn(cls, converter, **_overrides(cls))

    def hook(value: Any) -> dict[str, object]:
        return unstructure_fields(value) | dict(value.extra)

    return hook


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, _structure_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook(str, values.structure_str)
    converter.register_structure_hook(int, values.structure_int)
    converter.register_structure_hook(float, values.structure_number)
    converter.register_structure_hook(bool, values.structure_bool)
    converter.register_structure_hook(datetime, values.structure_datetime)
    converter.register_structure_hook(OpenEnum, _structure_enum)
    converter.register_structure_hook_func(lambda kind: kind == str | None, values.structure_optional_str)
    converter.register_structure_hook_func(lambda kind: kind == Milliseconds, values.structure_milliseconds)
    converter.register_structure_hook_func(
        lambda kind: kind == PropertyValue | None, values.structure_property
    )
    converter.register_structure_hook_func(_is_object, values.structure_object)
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_hook)
    converter.register_unstructure_hook(datetime, values.unstructure_datetime)
    converter.register_unstructure_hook_func(
        lambda kind: kind == Milliseconds, values.unstructure_milliseconds
    )
    converter.register_unstructure_hook(JsonObject, dict)
    return converter


_converter = _make_converter()

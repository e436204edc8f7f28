"""From documents to models and back: the one cattrs converter.

A document that does not fit its model is an :class:`~meltingspot_async.InvalidResponseError` that names the field, and
never the value. A model keeps the fields that it does not document in ``extra``; a callback learns of them, and of
unknown values of enums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from ..errors import InvalidResponseError
from ..events import Drift, UnknownField, UnknownValue
from . import _values as values
from ._fields import LENIENT, Milliseconds, OpenEnum, PropertyValue
from ._frozen import JsonObject, WrongTypeError, thawed
from ._json import parse
from ._names import camel_case, field_names

T = TypeVar("T")

Notice = Callable[[Drift], None]
"""A callback for each unknown field and each unknown value of an enum, every time one is met. Their names are as
received: whoever reports them redacts them."""


def ignore(drift: Drift) -> None:
    """Do nothing."""


_notice: ContextVar[Notice] = ContextVar("notice", default=ignore)


def structure(body: bytes, model: type[T], path: str, notice: Notice = ignore) -> T:
    """The model that the JSON of an answer's body, or of one of its lines, describes.

    :raises InvalidResponseError: it is not JSON, or not of the documented shape.
    """
    return structure_document(parse(body, path), model, path, notice=notice)


def unstructure(model: object) -> dict[str, object]:
    """A model as the service writes it, made of nothing but the types that ``json`` reads."""
    document: dict[str, object] = _converter.unstructure(model)
    return document


def structure_document(
    document: object, model: type[T], path: str, field: str = "$", notice: Notice = ignore
) -> T:
    """The model that a document describes.

    :param path: path of the request, for the error's text.
    :param field: where the document stands in the answer, as a JSON path.
    :param notice: called for each field and value that the models do not document.
    :raises InvalidResponseError: the document is not of the documented shape.
    """
    before = _notice.set(notice)
    try:
        return _converter.structure(document, model)
    except ClassValidationError as error:
        within, problem = _first_problem(error)
        field += within
    except WrongTypeError as error:
        problem = str(error)
    finally:
        _notice.reset(before)
    # Raised outside the handlers: the exceptions of cattrs hold values of the answer.
    raise InvalidResponseError(path, field, problem)


class _ItemError(Exception):
    """An item of an array does not fit."""

    def __init__(self, index: int, problem: Exception) -> None:
        super().__init__()
        self.index = index
        self.problem = problem


def _first_problem(error: ClassValidationError) -> tuple[str, str]:
    """The rest of the JSON path to the first field that does not fit, as the service spells it, and what is wrong."""
    path, cause = "", cast("Exception", error)
    while isinstance(cause, ClassValidationError | _ItemError):
        if isinstance(cause, _ItemError):
            path, cause = f"{path}[{cause.index}]", cause.problem
        else:
            cause, note = cause.group_exceptions()[0][0]
            path += f".{camel_case(note.name)}"
    return path, "it is missing" if isinstance(cause, KeyError) else str(cause)


def _structure_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    text = values.structure_str(value, str)
    known = enum._value2member_map_.get(text)  # to call the class takes four times as long
    if isinstance(known, enum):
        return known
    _notice.get()(UnknownValue(enum.__name__, text))
    return enum(text)


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in {Union, UnionType} and len(get_args(kind)) == 2 and NoneType in get_args(kind)


def _optional_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure null, or a value of one type: cattrs would look for the way of that type at every value."""
    (present,) = (part for part in get_args(kind) if part is not NoneType)
    structure_present = converter.get_structure_hook(present)
    return lambda value, _: None if value is None else structure_present(value, present)


def _array_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure a tuple of any length from an array only: cattrs would also accept a text.

    The first item that does not fit ends it: cattrs would collect the errors of all, a million if need be.
    """
    item_kind = get_args(kind)[0]
    structure_item = converter.get_structure_hook(item_kind)

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, list):
            raise WrongTypeError(f"expected an array, got {values.json_type(value)}")
        made: list[object] = []
        try:
            for item in cast("list[object]", value):
                made.append(structure_item(item, item_kind))  # noqa: PERF401 - what was made tells the index
        except (ClassValidationError, _ItemError, WrongTypeError) as error:
            problem = _ItemError(len(made), error)
        else:
            return tuple(made)
        raise problem

    return hook


def _overrides(model: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """The only place that gives attributes the service's names; ``extra`` has no such name."""
    return {
        a.name: override(omit=True) if a.name == "extra" else override(rename=camel_case(a.name))
        for a in attrs.fields(model)
    }


def _structure_hook(cls: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any, Any], Any]:
    """Structure a model."""
    structure_fields = make_dict_structure_fn(cls, converter, **_overrides(cls))
    known = frozenset(field_names(cls))
    odd_names = _odd_names(cls, converter)

    def hook(value: object, _: object) -> Any:
        if not isinstance(value, dict):
            raise WrongTypeError(f"expected an object, got {values.json_type(value)}")
        fields = documented = cast("dict[str, object]", value)
        if odd := odd_names(fields):
            documented = {name: field for name, field in fields.items() if name not in odd}
        made = structure_fields(documented, cls)
        if odd or not known.issuperset(fields):
            undocumented = {n: field for n, field in fields.items() if n in odd or n not in known}
            others = JsonObject(undocumented, depth=0)
            notice = _notice.get()
            for name in others:
                notice(UnknownField(cls.__name__, name))
            # The class is frozen, but nobody has seen this instance yet. An attrs.evolve for every line of an
            # export would cost as much again as the whole model.
            object.__setattr__(made, "extra", others)
        return made

    return hook


def _odd_names(
    cls: type[attrs.AttrsInstance], converter: Converter
) -> Callable[[Mapping[str, object]], frozenset[str]]:
    """Which lenient fields of an object have another shape than the one that is known."""
    hooks = {
        camel_case(field.name): (converter.get_structure_hook(field.type), field.type)
        for field in attrs.fields(cls)
        if LENIENT in field.metadata
    }
    if not hooks:  # as in most models, whose items then cost no search
        return lambda _: frozenset()
    return lambda fields: frozenset(
        name for name, (hook, kind) in hooks.items() if name in fields and not _fits(fields[name], hook, kind)
    )


def _fits(value: object, hook: Callable[[Any, Any], Any], kind: Any) -> bool:
    try:
        hook(value, kind)
    except (_ItemError, WrongTypeError):
        return False
    return True


def _unstructure_hook(cls: type[attrs.AttrsInstance], converter: Converter) -> Callable[[Any], Any]:
    unstructure_fields = make_dict_unstructure_fn(cls, converter, **_overrides(cls))

    def hook(value: Any) -> dict[str, object]:
        return unstructure_fields(value) | cast("dict[str, object]", thawed(value.extra))

    return hook


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, _structure_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook_factory(_is_optional, _optional_hook)
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
    converter.register_unstructure_hook(OpenEnum, values.unstructure_enum)
    converter.register_unstructure_hook(datetime, values.unstructure_datetime)
    converter.register_unstructure_hook_func(
        lambda kind: kind == Milliseconds, values.unstructure_milliseconds
    )
    converter.register_unstructure_hook_func(_is_object, thawed)
    return converter


_converter = _make_converter()

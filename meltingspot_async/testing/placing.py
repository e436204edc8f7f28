"""Where an item belongs that is given to the fake service, as a model or as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, get_args

from ..errors import InvalidResponseError, UsageError
from ..models import Activity, Model, from_dict, to_dict
from ..models._names import camel_case, field_names, required_names
from .operations import Item, path_of

_KINDS: tuple[type[Item], ...] = get_args(Item)
_FIELDS = {kind: {*field_names(kind), *(("id",) if kind is Activity else ())} for kind in _KINDS}
"""The fields by which the items of a kind are recognised. All have an id, although that of activities is not
documented."""


def placed(item: object) -> tuple[str, dict[str, object]]:
    """The path of the list where an item belongs, and the item as the service writes it.

    :raises UsageError: it is neither a model that names its list nor JSON that looks like one.
    """
    if isinstance(item, _KINDS):
        return path_of(item), to_dict(item)
    if isinstance(item, Model):
        raise UsageError(
            f"A {type(item).__name__} does not say where it belongs: use add_to(path, item), with the path of a list."
        )
    if isinstance(item, Mapping):
        document = dict(cast("Mapping[str, object]", item))
        return path_of(_recognised(document)), document
    raise UsageError(
        "A model is needed, such as make_course_participant(), or a JSON object as the service writes it, not "
        f"{type(item).__name__}. Several items are several arguments."
    )


def _recognised(document: dict[str, object]) -> Item:
    """The model of JSON: of the kind that documents most of its fields, and whose required fields it lacks least."""
    for name in document:
        if (spelling := camel_case(name)) != name and any(spelling in fields for fields in _FIELDS.values()):
            raise UsageError(f"JSON is needed as the service writes it: {spelling!r} instead of {name!r}.")
    kind = max(_KINDS, key=lambda kind: _likeness(kind, document))
    if not _FIELDS[kind] & document.keys():
        raise UsageError(
            "This JSON has no field of any model: use add_documents(path, ...), with the path of a list."
        )
    try:
        return from_dict(kind, document)
    except InvalidResponseError as error:
        field, problem = error.field, error.problem
    raise UsageError(
        f"This JSON looks like a {kind.__name__}, but of {field}: {problem}. If that is on purpose, use "
        "add_documents(path, ...), with the path of a list."
    )


def _likeness(kind: type[Item], document: dict[str, object]) -> tuple[int, int]:
    return len(_FIELDS[kind] & document.keys()), -len(set(required_names(kind)) - document.keys())

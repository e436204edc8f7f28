"""Models as documents in the service's own words: out as dicts and JSON, and back in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..errors import UsageError
from ._converter import structure_document, unstructure
from ._json import write_of_model
from ._model import Model

M = TypeVar("M", bound=Model)


def to_dict(model: Model) -> dict[str, object]:
    """A model as the service writes it: a dict ready for JSON, with the service's names and forms of dates.

    It is made of dicts, lists, texts, numbers, booleans and ``None`` only, and is the caller's own. The fields of
    ``extra`` stand among the others. Names and emails are in it, as data.

    :raises UsageError: ``model`` is not a model.
    """
    if not isinstance(model, Model):
        raise UsageError(f"to_dict takes a model, not {type(model).__name__}.")
    return unstructure(model)


def to_json(model: Model) -> str:
    """A model as the text of a JSON object, as the service writes it; see :func:`to_dict`.

    Half a surrogate pair is escaped, so that the text can be encoded.

    :raises UsageError: ``model`` is not a model, or holds NaN or an infinity, which no answer can hold.
    """
    return write_of_model(to_dict(model))


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
    return structure_document(dict(document), model, "", "$")

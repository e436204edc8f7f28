"""Whether an answer is about the item that was asked for. Pure."""

from __future__ import annotations

from typing import cast
from urllib.parse import unquote

from ..errors import InvalidResponseError
from .exchange import Reply


def is_same_id(one: str, other: str) -> bool:
    """Whether two texts are the same id, as a service may spell it: in any case, percent-encoded or not."""
    return one == other or unquote(one).casefold() == unquote(other).casefold()


def wrong_item(reply: Reply, item_id: str | None) -> InvalidResponseError | None:
    """The error of an answer about another item than the one asked for; ``None`` for any other answer.

    Such an answer is an object that has another id, or none: it may be the page of a list. Whether an answer is an
    object at all, and what else it must have, its model checks.

    :param item_id: the id asked for; ``None`` if the request names none.
    """
    if item_id is None:
        return None
    try:
        document = reply.document
    except InvalidResponseError:
        return None
    if not isinstance(document, dict):
        return None
    path, fields = reply.response.path, cast("dict[str, object]", document)
    if "id" not in fields:
        return InvalidResponseError(path, "$.id", "it is missing")
    found = fields["id"]
    if not isinstance(found, str) or is_same_id(found, item_id):
        return None
    return InvalidResponseError(path, "$.id", "it is another id than the one asked for")

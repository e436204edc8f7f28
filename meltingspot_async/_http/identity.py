"""Whether an answer is about the item that was asked for. Pure."""

from __future__ import annotations

import json
from typing import cast
from urllib.parse import unquote

from ..errors import InvalidResponseError
from .response import RawResponse


def is_same_id(one: str, other: str) -> bool:
    """Whether two texts are the same id, as a service may spell it: in any case, percent-encoded or not."""
    return one == other or unquote(one).casefold() == unquote(other).casefold()


def wrong_item(path: str, response: RawResponse, item_id: str | None) -> InvalidResponseError | None:
    """The error of an answer about another item than the one asked for; ``None`` for any other answer.

    Only an id that is there, and is another one, shows that: what else an answer must have, its model checks.

    :param item_id: the id asked for; ``None`` if the request names none.
    """
    if item_id is None:
        return None
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    found = cast("dict[str, object]", document).get("id") if isinstance(document, dict) else None
    if not isinstance(found, str) or is_same_id(found, item_id):
        return None
    return InvalidResponseError(path, "$.id", "it is another id than the one asked for")

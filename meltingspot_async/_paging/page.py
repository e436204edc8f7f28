"""One page of a list: its well-formed items, and what is known of the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Generic, TypeVar, cast

import attrs

from ..errors import InvalidResponseError
from ..events import InvalidItem
from ..models._converter import Notice, structure_document
from ..models._values import json_type

MAX_INVALID_ITEMS = 100
"""Items of one page that may be odd. With more, the page is refused: it is not a list of what was asked for."""

ITEMS_AT_ONCE = 1_000
"""Items after which a page gives way to whatever else the program does: they take less than 50 ms."""

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    """Its items."""
    total: int
    """Items of the whole list, as the service counted them for this page."""
    invalid: tuple[InvalidItem, ...] = ()
    """What is wrong with the items that are not as documented, and so not among ``items``."""


@attrs.frozen
class ReceivedPage(Generic[T]):
    """A page as it was received, every item with what tells it from others."""

    items: tuple[tuple[str, T], ...]
    invalid: tuple[tuple[str, InvalidItem], ...]
    total: int

    @property
    def ids(self) -> tuple[str, ...]:
        """What tells its items from others, the odd ones last."""
        return tuple(key for key, _ in (*self.items, *self.invalid))

    def only(self, ids: AbstractSet[str]) -> Page[T]:
        """The page with these items only, each once."""
        items = {key: item for key, item in self.items if key in ids}
        invalid = {key: item for key, item in self.invalid if key in ids}
        return Page(tuple(items.values()), self.total, tuple(invalid.values()))


async def read_page(
    document: object, model: type[T], path: str, identify: Callable[[T], str], notice: Notice, call_id: str
) -> ReceivedPage[T]:
    """The page that an answer's document describes. An item that is not as documented does not keep others from it.

    One of more than 1,000 items gives way to the loop at its beginning, and again after every 1,000 items.

    :raises InvalidResponseError: the document is not a page, or has more than 100 odd items.
    """
    items_found, total = _envelope(document, path)
    items: list[tuple[str, T]] = []
    invalid: list[tuple[str, InvalidItem]] = []
    for number, found in enumerate(items_found):
        if number % ITEMS_AT_ONCE == 0 and len(items_found) > ITEMS_AT_ONCE:
            await asyncio.sleep(0)
        try:
            item = structure_document(found, model, path, f"$.items[{number}]", notice)
        except InvalidResponseError as error:
            if len(invalid) == MAX_INVALID_ITEMS:
                raise
            item_id = _id_of(found)
            invalid.append(
                (
                    item_id or _digest(found),
                    InvalidItem(path, item_id, error.field, error.problem, call_id),
                )
            )
        else:
            items.append((identify(item), item))
    return ReceivedPage(tuple(items), tuple(invalid), total)


def _envelope(page: object, path: str) -> tuple[list[object], int]:
    """The documents of a page, and its total."""
    if not isinstance(page, dict):
        raise InvalidResponseError(path, "$", f"expected an object, got {json_type(page)}")
    fields = cast("dict[str, object]", page)
    for name in ("items", "total"):
        if name not in fields:
            raise InvalidResponseError(path, f"$.{name}", "it is missing")
    documents = fields["items"]
    if not isinstance(documents, list):
        raise InvalidResponseError(path, "$.items", f"expected an array, got {json_type(documents)}")
    total = structure_document(fields["total"], int, path, "$.total")
    return cast("list[object]", documents), total


def _id_of(document: object) -> str | None:
    """The id of an odd item, if it has one."""
    item_id = cast("dict[str, object]", document).get("id") if isinstance(document, dict) else None
    return item_id if isinstance(item_id, str) and item_id else None


def _digest(document: object) -> str:
    """What tells an odd item without an id from others: its content, of which no text is kept."""
    return blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).hexdigest()

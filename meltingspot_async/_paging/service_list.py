"""A list at the service: its pages, and its items by their ids."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar, cast

import attrs

from .._http.endpoint import Params, expand_path
from .._http.response import document
from .._http.session import SessionManager
from ..errors import BadRequestError, NotFoundError
from ..models import Model, to_dict
from ..models._converter import structure
from .cursor import Page, PageCursor

PAST_THE_END = (BadRequestError, NotFoundError)
"""What a service may answer for a page that does not exist, instead of an empty one."""

T = TypeVar("T")


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


def by_id(item: object) -> str:
    """What identifies an item: its id."""
    return cast("_HasId", item).id


def by_content(item: Model) -> str:
    """What identifies an item for which no id is documented: all of it."""
    return json.dumps(to_dict(item), sort_keys=True)


async def fetch(
    session: SessionManager,
    path: str,
    model: type[T],
    params: Params | None = None,
    *,
    item_id: str | None = None,
) -> T:
    """What stands at a path: one GET, and its answer as a model; of the item with this id, if one is named."""
    response = await session.get(path, params, item_id=item_id)
    return structure(document(path, response), model, path, session.notice)


@attrs.frozen
class ServiceList(Generic[T]):
    """One list of the service, which gives pages of items, and for most lists single items by their ids."""

    session: SessionManager
    """Issues the requests, with the caller's options."""
    path: str
    """Path of the list; an item stands at ``path/id``."""
    model: type[T]
    """What an item becomes."""
    page_size: int
    """Items asked for per page."""
    filters: Params = attrs.field(factory=dict[str, str | int])
    """Which items the pages hold."""
    identify: Callable[[T], str] = by_id
    """What tells one item from another."""

    def cursor(self) -> PageCursor[T]:
        """A cursor before the list's first page."""
        return PageCursor(self.page_size, self.identify)

    async def page(self, number: int) -> Page[T]:
        """The page of a number."""
        page_of_items = cast("type[Page[T]]", cast("Any", Page)[self.model])
        params = {**self.filters, "limit": self.page_size, "page": number}
        return await fetch(self.session, self.path, page_of_items, params)

    async def item(self, item_id: str) -> T:
        """The item of an id."""
        path = self.path + expand_path("/{id}", id=item_id)
        return await fetch(self.session, path, self.model, item_id=item_id)


async def read_next(cursor: PageCursor[T], page: Awaitable[Page[T]]) -> tuple[Page[T], ...]:
    """The cursor's next page with its new items, once it is there; nothing if the service has no such page."""
    try:
        received = await page
    except PAST_THE_END as error:
        cursor.refused(error)
        return ()
    return (cursor.received(received),)

"""A list at the service: its pages, and its items by their ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

import attrs

from .._http import items
from .._http.endpoint import Params, expand_path
from .._http.list_habits import ListHabits
from .._http.session import SessionManager
from ..models import Model, to_dict
from .page import ReceivedPage, read_page

SMALLER_PAGES = (50, 20, 10)
"""Items to ask for at once, in this order, if the service refuses to give more."""

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
    """Items to ask for per page, if the service does not refuse to give so many."""
    filters: Params = attrs.field(factory=dict[str, str | int])
    """Which items the pages hold."""
    identify: Callable[[T], str] = by_id
    """What tells one item from another."""
    name: str = ""
    """The resource, whose lists the service is taken to give alike."""
    gives_items: bool = False
    """Whether the service gives each item by its id, too, as the list has it."""

    @property
    def habits(self) -> ListHabits:
        """What is known of the lists of the name."""
        return self.session.list_habits[self.name]

    def page_sizes(self) -> list[int]:
        """Items to ask for per page: so many, or if the service refuses that many, fewer and fewer."""
        largest = self.habits.largest_limit or self.page_size
        smaller = (size for size in SMALLER_PAGES if size < self.page_size)
        return list(dict.fromkeys((min(self.page_size, largest), *smaller)))

    async def page(self, number: int, size: int) -> ReceivedPage[T]:
        """The page of a number, if pages have that many items."""
        params = {**self.filters, "limit": size, "page": number}
        reply = await self.session.ask(self.path, params)
        notice = self.session.notice(reply.call_id, self.path)
        page = await read_page(reply.document, self.model, self.path, self.identify, notice, reply.call_id)
        if self.gives_items:
            items.keep_page(self.session, self.path, self.model, page.items, reply.asked)
        return page

    async def item(self, item_id: str) -> T:
        """The item of an id."""
        path = self.path + expand_path("/{id}", id=item_id)
        return await items.fetch(self.session, path, self.model, item_id)

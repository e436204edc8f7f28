"""What the resources have in common: from a path and a model to an item, a list, or many items by their ids."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Literal, TypeVar

from .._http.endpoint import Params
from .._http.session import SessionManager
from .._paging.get_many import FetchResult, Ids, get_many
from .._paging.listing import Listing
from .._paging.many_lists import ManyLists
from .._paging.service_list import ServiceList, by_id, fetch
from .._validation import require_count
from ..errors import UsageError
from ..rate_limit import Priority

PAGE_SIZE = 100
"""Items asked for at once. The service does not document the most it gives; what it gives is what counts."""

OnError = Literal["yield", "raise"]

T = TypeVar("T")


class Resource:
    """Base of the resources. A single item is interactive, everything else is bulk by default."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    async def _get(self, path: str, model: type[T], item_id: str) -> T:
        """The item at a path, which must have this id."""
        return await fetch(self._session, path, model, item_id=item_id)

    def _list(
        self,
        path: str,
        model: type[T],
        filters: Params,
        page_size: int,
        identify: Callable[[T], str] = by_id,
    ) -> Listing[T]:
        """The list at a path. ``identify`` tells one item from another."""
        require_count("page_size", page_size)
        session = self._session.with_default_priority(Priority.BULK)
        return Listing(ServiceList(session, path, model, page_size, filters, identify))

    def _list_many(
        self, ids: Iterable[str], list_one: Callable[[str], Listing[T]], concurrency: int, *, in_order: bool
    ) -> ManyLists[T]:
        """The lists of several owners, such as courses, each distinct one once."""
        if isinstance(ids, str):
            raise UsageError("list_many takes several ids, such as a list, not one text.")
        require_count("concurrency", concurrency)
        lists = {list_id: list_one(list_id) for list_id in dict.fromkeys(ids)}
        return ManyLists(lists, concurrency, in_order=in_order)

    def _get_many(
        self, path: str, model: type[T], ids: Ids, concurrency: int, on_error: OnError
    ) -> AsyncGenerator[FetchResult[T], None]:
        """Items of the list at a path by their ids, each of which stands at ``path/id``."""
        if isinstance(ids, str):
            raise UsageError("ids takes several ids, such as a list, not one text.")
        require_count("concurrency", concurrency)
        if on_error not in {"yield", "raise"}:
            raise UsageError(f'on_error must be "yield" or "raise", not {on_error!r}.')
        session = self._session.with_default_priority(Priority.BULK)
        source = ServiceList(session, path, model, PAGE_SIZE)
        return get_many(source, ids, concurrency, raising=on_error == "raise")

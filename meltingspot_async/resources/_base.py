"""What the resources have in common: from a path and a model to an item, a list, or many items by their ids."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Literal, TypeVar

import attrs

from .._http.endpoint import expand_path
from .._http.session import SessionManager
from .._paging.get_many import FetchResult, Ids, Source, get_many
from .._paging.listing import HasId, Listing, Page, id_of, page_of
from .._validation import require_count
from ..errors import UsageError
from ..models._converter import structure, to_dict

PAGE_SIZE = 100
"""Items asked for at once. The service does not document the most it gives; what it gives is what counts."""

OnError = Literal["yield", "raise"]

T = TypeVar("T")
I = TypeVar("I", bound=HasId)  # noqa: E741 - an item


def whole(item: attrs.AttrsInstance) -> str:
    """All of an item, for those that are not known to have an id."""
    return json.dumps(to_dict(item), sort_keys=True)


class Resource:
    """Base of the resources."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    async def _get(self, path: str, model: type[T]) -> T:
        """What stands at a path."""
        return await _fetch(self._session, model, path, None)

    def _list(
        self,
        path: str,
        model: type[T],
        query: Mapping[str, str | int],
        page_size: int,
        identify: Callable[[T], str] = id_of,
    ) -> Listing[T]:
        """The list at a path. ``identify`` tells one item from another."""
        require_count("page_size", page_size)
        fetch = partial(_fetch_page, self._session.in_bulk(), model, path, {**query, "limit": page_size})
        return Listing(path, page_size, fetch, identify)

    def _get_many(
        self, path: str, model: type[I], ids: Ids, concurrency: int, on_error: OnError
    ) -> AsyncGenerator[FetchResult[I], None]:
        """Items of the list at a path by their ids, each of which stands at ``path/id``."""
        if isinstance(ids, str):
            raise UsageError("ids takes several ids, such as a list, not one text.")
        require_count("concurrency", concurrency)
        if on_error not in {"yield", "raise"}:
            raise UsageError(f'on_error must be "yield" or "raise", not {on_error!r}.')
        session = self._session.in_bulk()
        source = Source(
            get=partial(_fetch_one, session, model, path),
            page=partial(_fetch_page, session, model, path, {"limit": PAGE_SIZE}),
            limit=PAGE_SIZE,
        )
        return get_many(source, ids, concurrency, raising=on_error == "raise")


async def _fetch(
    session: SessionManager, model: type[T], path: str, query: Mapping[str, str | int] | None
) -> T:
    response = await session.get(path, query)
    return structure(response.body, model, path, session.notice)


async def _fetch_page(
    session: SessionManager, model: type[T], path: str, query: Mapping[str, str | int], number: int
) -> Page[T]:
    return await _fetch(session, page_of(model), path, {**query, "page": number})


async def _fetch_one(session: SessionManager, model: type[T], path: str, item_id: str) -> T:
    return await _fetch(session, model, path + expand_path("/{id}", id=item_id), None)

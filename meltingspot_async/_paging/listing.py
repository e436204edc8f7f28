"""Lists, page by page, for a service that does not say how its pages are numbered.

Not documented are the number of the first page (0 or 1), the largest ``limit``, the order, and what a page
past the end looks like. :class:`PageWalk` decides, from what has come, which page is next; it is pure.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar, cast

import attrs

from ..errors import BadRequestError, NotFoundError
from ..events import logger

PAST_THE_END = (BadRequestError, NotFoundError)
"""What a service may answer for a page that does not exist, instead of an empty one."""


class HasId(Protocol):
    """Anything the service gives an id."""

    @property
    def id(self) -> str:
        """The id."""
        ...


T = TypeVar("T")


def id_of(item: object) -> str:
    """The id of an item that has one."""
    return cast("HasId", item).id


@attrs.frozen
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    """Its items."""
    total: int
    """Items the service has found over all pages, as of this page."""


def page_of(item: type[T]) -> type[Page[T]]:
    """The class of pages of items of a class."""
    return cast("type[Page[T]]", cast("Any", Page)[item])


@attrs.define
class PageWalk(Generic[T]):
    """Which page to read next.

    It begins with page 1 and goes on while pages bring something new and fewer items than ``total`` have come.
    If some are missing then, it asks for page 0: a service that counts pages from 0 has kept its first page for
    the last. One that counts from 1 has given everything by then, and is not asked. A short page that lies where
    the last one does if pages are counted from 0 is taken for the last; if that was wrong, the walk goes on.
    """

    limit: int
    """Items asked for per page."""
    identify: Callable[[T], str] = id_of
    """What tells one item from another."""
    next_page: int | None = attrs.field(default=1, init=False)
    """Number of the page to read next; ``None`` when there is none."""
    total: int = attrs.field(default=0, init=False)
    """Items there are over all pages, as the last page said."""
    _sizes: list[int] = attrs.field(factory=list[int], init=False)
    _seen: set[str] = attrs.field(factory=set[str], init=False)
    _refusal: Exception | None = attrs.field(default=None, init=False)
    _read_page_0: bool = attrs.field(default=False, init=False)
    _then: int | None = attrs.field(default=None, init=False)

    @property
    def has_begun(self) -> bool:
        """Whether any page has come."""
        return bool(self._sizes)

    @property
    def missing(self) -> int:
        """Items that have not come yet."""
        return max(0, self.total - len(self._seen))

    @property
    def pages(self) -> int:
        """Pages the whole list takes, as far as is known."""
        return math.ceil(self.total / self._size)

    @property
    def pages_left(self) -> int:
        """Pages that what is missing takes, as far as is known; at least one if there is a next page."""
        return 0 if self.next_page is None else max(1, math.ceil(self.missing / self._size))

    @property
    def _size(self) -> int:
        """Items of a full page. One page alone may be the last, and shorter; two show what the service gives."""
        return max(self._sizes) if len(self._sizes) > 1 and any(self._sizes) else self.limit

    def read(self, page: Page[T]) -> Page[T]:
        """Take note of the page that was next; gives what is new of it."""
        found = {self.identify(item): item for item in page.items}
        fresh = {identity: item for identity, item in found.items() if identity not in self._seen}
        self._seen.update(fresh)
        self._sizes.append(len(page.items))
        self.total = page.total
        number = self.next_page or 0
        following = number + 1 if number and fresh else None
        if not self.missing:
            self.next_page = None
        elif following and not self._may_end_a_list_from_0(number, page):
            self.next_page = following
        else:
            self._turn_to_page_0(following)
        return Page(tuple(fresh.values()), page.total)

    def refused(self, error: Exception) -> None:
        """Take note that the page that was next was refused, as one that does not exist may be.

        :raises Exception: the first such error, if at the end items are missing or nothing has come at all.
        """
        if self.next_page:
            self._refusal = self._refusal or error
        self._turn_to_page_0(None)

    def _turn_to_page_0(self, then: int | None) -> None:
        """Read page 0, if that has not been done; go on with another page if it was of no help."""
        if self.next_page == 0:
            self._read_page_0, self.next_page = True, self._then
        elif self._read_page_0:
            self.next_page = None
        else:
            self.next_page, self._then = 0, then
        if self.next_page is None and self._refusal is not None:
            raise self._refusal

    def _may_end_a_list_from_0(self, number: int, page: Page[T]) -> bool:
        """Whether page 0 is unread and a short page lies where the last does if pages are counted from 0."""
        is_short = len(page.items) < self._size
        return not self._read_page_0 and is_short and number * self._size + len(page.items) == page.total


class Listing(Generic[T]):
    """A list of the service: iterate over its items, or over its :meth:`pages`.

    Whole and without repeats, whatever the order and the numbering of the pages; what is added or removed while
    it is read may be missed. The next page is asked for while the items of one are being used; when the caller
    stops, so does the reading. Each iteration reads anew. It remembers the ids it has given, about 100 bytes each.
    """

    def __init__(
        self,
        path: str,
        limit: int,
        fetch: Callable[[int], Coroutine[object, object, Page[T]]],
        identify: Callable[[T], str] = id_of,
    ) -> None:
        self._path = path
        self._limit = limit
        self._fetch = fetch
        self._identify = identify

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        """The items."""
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages in the order they are read, each with what is new in it, and with ``total``."""
        walk: PageWalk[T] = PageWalk(self._limit, self._identify)
        number = walk.next_page
        coming = asyncio.create_task(self._fetch(1))
        try:
            while number is not None:
                come = await next_page(walk, coming)
                number = walk.next_page
                if number is not None:
                    coming = asyncio.create_task(self._fetch(number))
                for page in come:
                    yield page
        finally:
            coming.cancel()
            await asyncio.wait({coming})
        if walk.missing:
            logger.warning(
                "GET %s: the list ended with %d of %d missing", self._path, walk.missing, walk.total
            )


async def next_page(walk: PageWalk[T], coming: Awaitable[Page[T]]) -> tuple[Page[T], ...]:
    """What is new in the walk's next page, once it has come; nothing if the service has no such page."""
    try:
        page = await coming
    except PAST_THE_END as error:
        walk.refused(error)
        return ()
    return (walk.read(page),)

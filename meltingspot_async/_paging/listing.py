"""A list as the caller iterates over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Generic, TypeVar

from ..events import logger
from .cursor import Page
from .service_list import ServiceList, read_next

T = TypeVar("T")


class Listing(Generic[T]):
    """A list of the service: iterate over its items, or over its :meth:`pages`.

    Whole and without repeats, whatever the order and the numbering of the pages; what is added or removed while
    the list is read may be missed. The next page is requested while the caller uses the items of one; when the
    caller stops, so does the reading. Its requests wait behind interactive ones, unless a priority was chosen by
    ``with_options``. Each iteration reads anew. It remembers the ids it has given, about 100 bytes each.
    """

    def __init__(self, source: ServiceList[T]) -> None:
        self._source = source

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        """The items."""
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages in the order they are read, each with its new items, and with ``total``."""
        source, cursor = self._source, self._source.cursor()
        number = cursor.next_page
        under_way = asyncio.create_task(source.page(1))
        try:
            while number is not None:
                received = await read_next(cursor, under_way)
                number = cursor.next_page
                if number is not None:
                    under_way = asyncio.create_task(source.page(number))
                for page in received:
                    yield page
        finally:
            under_way.cancel()
            await asyncio.wait({under_way})
        if cursor.missing:
            logger.warning(
                "GET %s: the list ended with %d of %d items missing",
                source.path,
                cursor.missing,
                cursor.total,
            )

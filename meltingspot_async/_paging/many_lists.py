"""Several lists at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from itertools import islice
from typing import Generic, TypeVar

import attrs

from ..errors import (
    AuthenticationError,
    LimiterUnavailableError,
    ListsFailedError,
    MeltingSpotError,
    QuotaExhaustedError,
    UsageError,
)
from .listing import Listing
from .page import Page

CONCERNS_ALL_LISTS = (AuthenticationError, LimiterUnavailableError, QuotaExhaustedError, UsageError)
"""Errors of one list that all others would share: they end the reading."""

T = TypeVar("T")


@attrs.frozen
class ListPage(Generic[T]):
    """One page of one of several lists."""

    id: str
    """Id of whatever the list belongs to, such as the course."""
    page: Page[T]
    """The page, as the list by itself gives it."""


class _Reading(Generic[T]):
    """A list under way, of which the next page has been asked for."""

    next: asyncio.Task[Page[T] | None]

    def __init__(self, list_id: str, listing: Listing[T]) -> None:
        self.id = list_id
        self._pages = listing.pages()
        self.go_on()

    def go_on(self) -> None:
        self.next = asyncio.create_task(_next(self._pages))

    async def close(self) -> None:
        self.next.cancel()
        await asyncio.gather(self.next, return_exceptions=True)
        await self._pages.aclose()


async def _next(pages: AsyncGenerator[Page[T], None]) -> Page[T] | None:
    return await anext(pages, None)


class ManyLists(Generic[T]):
    """Several lists of the service: iterate over their items, or over their :meth:`pages`.

    So many lists are read at the same time that small ones do not wait for each other's answers. Each list by itself
    is what a :class:`~meltingspot_async.Listing` is: whole, without repeats, and not read further than it is used.
    In memory are the pages that those lists have read ahead, however many lists there are.

    A list that fails does not end the others: at the end, :class:`~meltingspot_async.ListsFailedError` names all that
    did. An error that concerns all lists (a wrong key, a used up allowance, a closed client) ends the reading at once.
    Each iteration reads anew; when the caller stops, so does the reading.
    """

    def __init__(self, lists: Mapping[str, Listing[T]], concurrency: int, *, in_order: bool) -> None:
        self._lists = lists
        self._concurrency = concurrency
        self._in_order = in_order

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        """The items: those of a page together, those of different lists as they come or in order."""
        async with aclosing(self.pages()) as pages:
            async for found in pages:
                for item in found.page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[ListPage[T], None]:
        """The pages, each with the id of its list.

        :raises ListsFailedError: at the end, if lists could not be read to their end.
        """
        remaining = iter(self._lists.items())
        under_way: list[_Reading[T]] = []
        failures: dict[str, MeltingSpotError] = {}
        try:
            while True:
                for list_id, listing in islice(remaining, self._concurrency - len(under_way)):
                    under_way.append(_Reading(list_id, listing))
                if not under_way:
                    break
                reading = await self._ready(under_way)
                page = _page(reading, failures)
                if page is None:
                    under_way.remove(reading)
                else:
                    reading.go_on()
                    yield ListPage(reading.id, page)
        finally:
            for reading in under_way:
                await reading.close()
        if failures:
            raise ListsFailedError(failures)

    async def _ready(self, under_way: list[_Reading[T]]) -> _Reading[T]:
        """The reading whose page is to be given next, once it is there."""
        awaited = under_way[:1] if self._in_order else under_way
        await asyncio.wait({reading.next for reading in awaited}, return_when=asyncio.FIRST_COMPLETED)
        return next(reading for reading in awaited if reading.next.done())


def _page(reading: _Reading[T], failures: dict[str, MeltingSpotError]) -> Page[T] | None:
    """The page that a reading has ready; ``None`` at its end, or if it failed, which is noted.

    :raises MeltingSpotError: an error that concerns all lists.
    """
    try:
        return reading.next.result()
    except CONCERNS_ALL_LISTS:
        raise
    except MeltingSpotError as error:
        failures[reading.id] = error
        return None

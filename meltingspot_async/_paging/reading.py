"""One reading of a list: its pages in order, several of them requested ahead."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import attrs

from ..errors import ApiError, BadRequestError, NotFoundError
from .cursor import PageCursor
from .page import Page, ReceivedPage
from .service_list import ServiceList

MAX_AHEAD = 20
"""Pages under way at once, at most."""

REFUSES_LIMIT = frozenset({400, 422})
"""Statuses with which a service may refuse a ``limit``. Neither is documented for it."""

PAST_THE_END = (BadRequestError, NotFoundError)
"""What a service may answer for a page that does not exist, instead of an empty one."""

T = TypeVar("T")


@attrs.define
class Reading(Generic[T]):
    """One reading of a list, from its first page to its last. To be closed when the caller needs no more pages."""

    source: ServiceList[T]
    cursor: PageCursor
    """Which page is next."""
    _given: int = attrs.field(default=0, init=False)
    _under_way: dict[int, asyncio.Task[ReceivedPage[T]]] = attrs.field(
        factory=dict[int, "asyncio.Task[ReceivedPage[T]]"], init=False
    )

    async def next(self, most: int = MAX_AHEAD) -> Page[T] | None:
        """The cursor's next page with its new items, or ``None`` if the service has none of that number.

        :param most: pages to have under way at once, at most, while the caller waits; at least one.
        """
        self._request(min(self._given + 1, most, MAX_AHEAD))
        number = self.cursor.next_page
        assert number is not None
        try:
            received = await self._under_way.pop(number)
        except PAST_THE_END as error:
            self.cursor.refused(error)
            if self.cursor.refusal is not None and not self.cursor.has_begun:
                raise self.cursor.refusal from None
            return None
        self._given += 1
        return received.only(self.cursor.received(received.ids, received.total))

    def read_ahead(self, most: int = MAX_AHEAD) -> None:
        """Have pages under way while the caller uses the last one: as many as the caller has been given.

        So one who stops early has had few read in vain, and one who goes on soon gets them as fast as the limit
        allows. A page that was answered waits for its turn, and counts as under way.
        """
        self._request(min(self._given, most, MAX_AHEAD))

    async def aclose(self) -> None:
        """End what is still under way."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _request(self, count: int) -> None:
        for number in self.cursor.upcoming(count):
            if number not in self._under_way:
                self._under_way[number] = asyncio.create_task(self._page(number))

    async def _page(self, number: int) -> ReceivedPage[T]:
        """The page of a number. The first one finds out how many items may be asked for, for this list and others.

        :raises ApiError: the first one, if the service refuses every size.
        """
        cursor = self.cursor
        if number != cursor.first_page:
            return await self.source.page(number, cursor.page_size)
        first_error: ApiError | None = None
        for cursor.page_size in self.source.page_sizes():
            try:
                page = await self.source.page(number, cursor.page_size)
            except ApiError as error:
                if error.status not in REFUSES_LIMIT:
                    raise
                first_error = first_error or error
                cursor.refused_size = cursor.page_size
            else:
                if first_error is not None:
                    self.source.habits.largest_limit = cursor.page_size
                return page
        assert first_error is not None
        raise first_error

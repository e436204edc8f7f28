"""A list as the caller iterates over it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Generic, Literal, NoReturn, TypeVar

from .._redaction import shown_path
from .._validation import require_count
from ..errors import InvalidItemsError, ListChangedError
from ..events import InvalidItem, logger
from .cursor import PageCursor
from .page import Page
from .reading import PAST_THE_END, Reading
from .service_list import ServiceList

OnInvalid = Literal["raise", "skip"]
OnChanged = Literal["raise", "ignore"]

EXAMPLES = 5
"""Odd items that an error names."""

T = TypeVar("T")


class Listing(Generic[T]):
    """A list of the service: iterate over its items, or over its :meth:`pages`.

    Whole and without repeats, whatever the order and the numbering of the pages: what is there from beginning to end
    is given once. A list that shrank or shifted while it was read is read once more, for what is new. Pages are
    requested ahead, as many as the caller has used up, and 20 at most; when the caller stops, so does the reading.
    Its requests wait behind interactive ones, unless a priority was chosen by ``with_options``. Each iteration reads
    anew. It remembers the ids it has given, about 100 bytes each.
    """

    def __init__(self, source: ServiceList[T], on_invalid: OnInvalid, on_changed: OnChanged) -> None:
        self._source = source
        self._on_invalid = on_invalid
        self._on_changed = on_changed
        self.missing: int = 0
        """After an iteration: how many items of those that the service counted were not received, at least."""

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        """The items."""
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages in the order they are read, each with its new items, with ``total`` and what is ``invalid``.

        :raises InvalidItemsError: at the end, if items were not as documented.
        :raises ListChangedError: at the end, if the list moved in both of two readings.
        """
        habits = self._source.habits
        cursor, invalid = PageCursor(self._source.page_size, habits=habits), list[InvalidItem]()
        async with aclosing(self._read(cursor, invalid)) as pages:
            async for page in pages:
                yield page
        if cursor.movement.lost_items or cursor.refusal is not None:
            first_page = 0 if cursor.is_counted_from_0 else 1
            cursor = PageCursor(cursor.page_size, first_page, given=cursor.seen, habits=habits)
            async with aclosing(self._read(cursor, invalid)) as pages:
                async for page in pages:
                    if page.items or page.invalid:
                        yield page
        self._end(cursor, invalid)

    async def _read(self, cursor: PageCursor, invalid: list[InvalidItem]) -> AsyncGenerator[Page[T], None]:
        """One reading. What is wrong with odd items is reported, and added to ``invalid``."""
        async with aclosing(Reading(self._source, cursor)) as reading:
            while cursor.next_page is not None:
                received = await reading.next()
                reading.read_ahead()
                for page in () if received is None else (received,):
                    invalid += page.invalid
                    for item in page.invalid:
                        self._source.session.report(item)
                    yield page

    async def first(self) -> T | None:
        """The first item that the service gives, or ``None`` if the list is empty."""
        async with aclosing(aiter(self)) as items:
            async for item in items:
                return item
        return None

    async def to_list(self, limit: int | None = None) -> list[T]:
        """The items as a list.

        :param limit: give no more than so many, and read no further. Default: all.
        :raises UsageError: ``limit`` is not a whole number, 1 or above.
        """
        if limit is not None:
            require_count("limit", limit)
        found: list[T] = []
        async with aclosing(aiter(self)) as items:
            async for item in items:
                found.append(item)
                if len(found) == limit:
                    break
        return found

    async def count(self) -> int:
        """How many items the list has, as the service counts: its ``total``, by one small request.

        If the service refuses page 1, which an empty list or one of a single item lacks where pages are counted from 0,
        it is asked for page 0.
        """
        try:
            page = await self._source.page(1, 1)
        except PAST_THE_END:
            page = await self._source.page(0, 1)
        return page.total

    def __await__(self) -> Generator[object, None, NoReturn]:
        """Refuse to be awaited.

        :raises TypeError: always.
        """
        raise TypeError(
            "A Listing cannot be awaited: iterate over it by `async for item in listing`, or await "
            "listing.to_list(), listing.first() or listing.count()."
        )

    def _end(self, cursor: PageCursor, invalid: list[InvalidItem]) -> None:
        """Say what could not be given.

        :raises ApiError: a page was refused.
        :raises ListChangedError: the last reading moved.
        :raises InvalidItemsError: items were not as documented.
        """
        if cursor.refusal is not None:
            raise cursor.refusal
        path, self.missing = shown_path(self._source.path), cursor.missing
        if cursor.missing:
            logger.warning(
                "GET %s: the list ended with %d of %d items missing", path, cursor.missing, cursor.total
            )
        if cursor.movement.lost_items and self._on_changed == "raise":
            raise ListChangedError(path, cursor.missing)
        if invalid and self._on_invalid == "raise":
            examples = tuple(self._source.session.shown(item).where for item in invalid[:EXAMPLES])
            raise InvalidItemsError(path, invalid[0].field, invalid[0].problem, len(invalid), examples)

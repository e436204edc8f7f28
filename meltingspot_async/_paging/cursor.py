"""Which page of a list comes next, for a service that does not say how its pages are numbered. Pure.

Not documented are the number of the first page (0 or 1), the largest ``limit``, the order, and what a page
past the end looks like. :class:`PageCursor` decides from the pages received.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    """Its items."""
    total: int
    """Items of the whole list, as the service counted them for this page."""


@attrs.define
class PageCursor(Generic[T]):
    """Which page to read next.

    Reading begins with page 1 and continues while pages hold something new and fewer items than ``total`` have
    been received. If some are missing then, page 0 is next: a service that counts pages from 0 has kept its
    first page for the last. One that counts from 1 has given everything by then, and is not asked. A short page
    that lies where the last one does if pages are counted from 0 is taken for the last; if that was wrong,
    reading continues behind it.
    """

    page_size: int
    """Items asked for per page."""
    identify: Callable[[T], str]
    """What tells one item from another."""
    next_page: int | None = attrs.field(default=1, init=False)
    """Number of the page to read next; ``None`` at the end of the list."""
    total: int = attrs.field(default=0, init=False)
    """Items of the whole list, as the last page said."""
    _sizes: list[int] = attrs.field(factory=list[int], init=False)
    _seen: set[str] = attrs.field(factory=set[str], init=False)
    _refusal: Exception | None = attrs.field(default=None, init=False)
    _page_0_is_read: bool = attrs.field(default=False, init=False)
    _page_after_0: int | None = attrs.field(default=None, init=False)

    @property
    def has_begun(self) -> bool:
        """Whether any page has been received."""
        return bool(self._sizes)

    @property
    def missing(self) -> int:
        """Items that have not been received yet."""
        return max(0, self.total - len(self._seen))

    @property
    def pages(self) -> int:
        """Pages that the whole list takes, as far as is known."""
        return math.ceil(self.total / self._full_page)

    @property
    def pages_left(self) -> int:
        """Pages that the missing items take, as far as is known; at least one if there is a next page."""
        return 0 if self.next_page is None else max(1, math.ceil(self.missing / self._full_page))

    @property
    def _full_page(self) -> int:
        """Items of a full page. One page alone may be the last, and shorter; two show what the service gives."""
        return max(self._sizes) if len(self._sizes) > 1 and any(self._sizes) else self.page_size

    def received(self, page: Page[T]) -> Page[T]:
        """Count the next page, which was received; returns it with its new items only."""
        found = {self.identify(item): item for item in page.items}
        new = {identity: item for identity, item in found.items() if identity not in self._seen}
        self._seen.update(new)
        self._sizes.append(len(page.items))
        self.total = page.total
        number = self.next_page or 0
        following = number + 1 if number and new else None
        if not self.missing:
            self.next_page = None
        elif following and not self._may_end_a_list_from_0(number, page):
            self.next_page = following
        else:
            self._turn_to_page_0(following)
        return Page(tuple(new.values()), page.total)

    def refused(self, error: Exception) -> None:
        """Count the next page as refused, which a page may be that does not exist.

        :raises Exception: the first such error, if the list ends here with items missing.
        """
        if self.next_page:
            self._refusal = self._refusal or error
        self._turn_to_page_0(None)

    def _turn_to_page_0(self, page_after: int | None) -> None:
        """Read page 0, unless it has been read; then continue with another page if items are still missing."""
        if self.next_page == 0:
            self._page_0_is_read, self.next_page = True, self._page_after_0
        elif self._page_0_is_read:
            self.next_page = None
        else:
            self.next_page, self._page_after_0 = 0, page_after
        if self.next_page is None and self._refusal is not None:
            raise self._refusal

    def _may_end_a_list_from_0(self, number: int, page: Page[T]) -> bool:
        """Whether page 0 is unread and a short page lies where the last does if pages are counted from 0."""
        is_short = len(page.items) < self._full_page
        return (
            not self._page_0_is_read and is_short and number * self._full_page + len(page.items) == page.total
        )

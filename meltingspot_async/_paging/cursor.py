"""Which page of a list comes next, for a service that does not say how its pages are numbered. Pure.

Not documented are the number of the first page (0 or 1), the largest ``limit``, the order, what a page past the end
looks like, and what ``total`` counts. :class:`PageCursor` decides from the pages received, for one reading of a list
from its first page to its last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import attrs

from .movement import Movement

MAX_REPEATED_PAGES = 3
"""Full pages in a row that may hold nothing new behind the end that ``total`` names: items that were added meanwhile
move others there. A service that knows no end would give such pages for ever.
"""


@attrs.define
class PageCursor:
    """Which page to read next, and which pages after it if nothing surprising is met.

    Reading begins with page 1 and goes on until ``total`` items have been received. A full page there is not the
    end, for ``total`` may be capped: the end is a page that is not full, or the same as the one before it. If other
    than ``total`` items were received then, page 0 is next: a service that counts pages from 0 has kept its first
    page for the last. One that counts from 1 has given everything by then, and is not asked. A short page that lies
    where the last one does if pages are counted from 0 is taken for the last; if that was wrong, reading continues
    behind it.
    """

    page_size: int
    """Items asked for per page."""
    first_page: int = 1
    """Number of the page to begin with: 0 if an earlier reading has shown that pages are counted from 0."""
    given: AbstractSet[str] = frozenset()
    """Ids that an earlier reading has received."""
    movement: Movement = attrs.field(factory=Movement, init=False)
    """How the list changes while it is read."""
    next_page: int | None = attrs.field(init=False)
    """Number of the page to read next; ``None`` at the end of the list."""
    total: int = attrs.field(default=0, init=False)
    """Items of the whole list, as the last page said."""
    seen: set[str] = attrs.field(factory=set[str], init=False)
    """Ids that this reading has received."""
    is_counted_from_0: bool = attrs.field(init=False)
    """Whether page 0 has turned out to be the first."""
    _pages_received: int = attrs.field(default=0, init=False)
    _items_received: int = attrs.field(default=0, init=False)
    _new: int = attrs.field(default=0, init=False)
    _largest: int = attrs.field(default=0, init=False)
    _pages_behind_total: int = attrs.field(default=0, init=False)
    _repeated_pages: int = attrs.field(default=0, init=False)
    _first_ids: Sequence[str] = attrs.field(default=(), init=False)
    _last_ids: Sequence[str] = attrs.field(default=(), init=False)
    _refusal: Exception | None = attrs.field(default=None, init=False)
    _page_0_is_read: bool = attrs.field(init=False)
    _page_after_0: int | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.next_page = self.first_page
        self.is_counted_from_0 = self._page_0_is_read = self.first_page == 0

    @property
    def has_begun(self) -> bool:
        """Whether any page has been received."""
        return self._pages_received > 0

    @property
    def missing(self) -> int:
        """Items that were there at the beginning, as the service counts, and were not received; at least."""
        return max(0, self.total - self.movement.grown - len(self.given) - self._new)

    @property
    def has_moved(self) -> bool:
        """Whether the list changed in a way that can have kept items from this reading."""
        is_turned = self.is_counted_from_0 and self.first_page == 1
        return self.movement.lost_items or (is_turned and self.movement.is_seen)

    @property
    def pages(self) -> int:
        """Pages that the whole list takes, as far as is known."""
        return self.pages_of(self.total)

    @property
    def pages_left(self) -> int:
        """Pages that the rest of the list takes, as far as is known; at least one if there is a next page."""
        left = self.pages_of(self.total - self._items_received)
        return 0 if self.next_page is None else max(1, left)

    def pages_of(self, items: int) -> int:
        """Pages that so many items take, as far as is known."""
        return math.ceil(items / self._full_page)

    @property
    def _full_page(self) -> int:
        """Items of a full page. One page alone may be the last, and shorter; two show what the service gives."""
        return self._largest if self._pages_received > 1 and self._largest else self.page_size

    @property
    def _is_at_page_0_of_1(self) -> bool:
        """Whether the next page is page 0, in a reading that began with page 1."""
        return self.next_page == 0 and self.first_page == 1

    def upcoming(self, count: int) -> range:
        """Numbers of the next pages, ``next_page`` first: as many, if the list is known to have so many.

        Where the end is not known, behind ``total``, a quarter of the pages that were found there, and one.
        """
        if self.next_page is None:
            return range(0)
        number = self.next_page
        last = max(number, self.pages + self.first_page - 1, number + self._pages_behind_total // 4)
        if not self.has_begun or self._is_at_page_0_of_1:
            last = number
        return range(number, min(number + count, last + 1))

    def received(self, ids: Sequence[str], total: int) -> AbstractSet[str]:
        """Count the next page, which was received: the ids of its items, and its ``total``. Returns the new ids."""
        is_same = self._is_same_page(ids) and total <= self.total
        is_news = not self.seen.issuperset(ids)
        new = set(ids) - self.seen - self.given
        if not is_same:
            self.movement.repeated += sum(item_id in self.seen for item_id in ids)
            self._items_received += len(ids)
        self._new += len(new)
        self.seen.update(ids)
        self._pages_received += 1
        self._largest = max(self._largest, len(ids))
        self._first_ids = self._first_ids or ids
        self._last_ids = ids
        self.total = total
        self._repeated_pages = 0 if is_news else self._repeated_pages + 1
        self._pages_behind_total += is_news and self._items_received > total
        self._go_on(len(ids), is_news=is_news, is_same=is_same)
        return new

    def refused(self, error: Exception) -> None:
        """Count the next page as refused, which a page may be that does not exist.

        :raises Exception: the first such error, if the list ends here with items missing.
        """
        if self.next_page:
            self._refusal = self._refusal or error
        self._end(None)

    def _is_same_page(self, ids: Sequence[str]) -> bool:
        """Whether a page is the one before it again, or page 0 the first one: so a service answers a wrong number."""
        return bool(ids) and ids == (self._first_ids if self._is_at_page_0_of_1 else self._last_ids)

    def _go_on(self, size: int, *, is_news: bool, is_same: bool) -> None:
        """Choose the page after one of that size."""
        if self._is_at_page_0_of_1:
            self.is_counted_from_0 = is_news
            self._end(None)
        elif self._is_last(size, is_same=is_same):
            self._end(None)
        elif is_news and self._may_end_a_list_from_0(size):
            self._end((self.next_page or 0) + 1)
        else:
            self.next_page = (self.next_page or 0) + 1

    def _is_last(self, size: int, *, is_same: bool) -> bool:
        """Whether no later page can hold anything, as far as is known."""
        number = self.next_page or 0
        if not size or (is_same and number > 1):
            return True
        is_full = size >= self._full_page
        if self._items_received >= self.total:
            is_multiple = self.total % self._full_page == 0
            is_over = not is_full or (self._items_received == self.total and not is_multiple)
            return is_over or self._repeated_pages > MAX_REPEATED_PAGES
        return bool(self._repeated_pages) and number - self.first_page + 1 >= self.pages

    def _end(self, page_after_0: int | None) -> None:
        """Turn to page 0 if it may hold what is missing; after it, to another page if items are still missing.

        :raises Exception: a page was refused, and items are missing at the end.
        """
        if self._is_at_page_0_of_1:
            self._page_0_is_read = True
            page_after_0 = self._page_after_0
            self.next_page = page_after_0 if self._items_received < self.total else None
        elif self._page_0_is_read or (self.has_begun and self._items_received == self.total):
            self.next_page = None
        else:
            self.next_page, self._page_after_0 = 0, page_after_0
        is_short = not self.has_begun or self._items_received < self.total
        if self.next_page is None and self._refusal is not None and is_short:
            raise self._refusal

    def _may_end_a_list_from_0(self, size: int) -> bool:
        """Whether page 0 is unread and a short page lies where the last does if pages are counted from 0."""
        number = self.next_page or 0
        is_short = size < self._full_page
        return not self._page_0_is_read and is_short and number * self._full_page + size == self.total

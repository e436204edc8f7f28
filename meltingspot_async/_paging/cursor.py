"""Which page of a list comes next, for a service that does not say how its pages are numbered. Pure.

Not documented are the number of the first page (0 or 1), the largest ``limit``, the order, what a page past the end
looks like, and what ``total`` counts. :class:`PageCursor` decides from the pages received, for one reading of a list
from its first page to its last.

Reading begins with page 1 and goes on until ``total`` items have been received. Behind them, or where ``total`` may be
capped because a full page ends there, the end is a page that is empty, the same as the one before it, or shorter than
another one. Then page 0 is read, the first page of a service that counts from 0, unless exactly ``total`` items were
received. So items are lost only where ``total`` is what would be there without page 0, or where page 1 says that it is
all, and no list has shown yet that such a ``total`` is merely the page's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import attrs

from .._http.list_habits import ListHabits
from .movement import Movement

MAX_REPEATED_PAGES = 3
"""Pages in a row that may hold nothing new: full ones behind the end that ``total`` names, where items that were added
meanwhile move others, and empty ones before it. A service that knows no end would give such pages for ever.
"""


@attrs.define
class PageCursor:
    """Which page to read next, and which pages after it if nothing surprising is met.

    A short page that lies where the last one does if pages are counted from 0 is taken for the last; if that was wrong,
    reading continues behind it.
    """

    page_size: int
    """Items asked for per page."""
    first_page: int = 1
    """Number of the page to begin with: 0 if an earlier reading has shown that pages are counted from 0."""
    given: AbstractSet[str] = frozenset()
    """Ids that an earlier reading has received."""
    habits: ListHabits = attrs.field(factory=ListHabits)
    """What is known of other lists of the resource; what this one shows is added."""
    refused_size: int | None = attrs.field(default=None, init=False)
    """The smallest ``limit`` with which the service has refused the first page."""
    movement: Movement = attrs.field(factory=Movement, init=False)
    """How the list changes while it is read."""
    next_page: int | None = attrs.field(init=False)
    """Number of the page to read next; ``None`` at the end of the list."""
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
    _size_at_end: int = attrs.field(default=0, init=False)
    _refusal: Exception | None = attrs.field(default=None, init=False)
    _page_0_is_read: bool = attrs.field(init=False)
    _page_after_0: int | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.next_page = self.first_page
        self.is_counted_from_0 = self._page_0_is_read = self.first_page == 0

    # --- What is known -------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """Items of the whole list, as the last page said."""
        return self.movement.total

    @property
    def has_begun(self) -> bool:
        """Whether any page has been received."""
        return self._pages_received > 0

    @property
    def missing(self) -> int:
        """Items that were there from beginning to end, as the service counts, and were not received; at least."""
        return max(0, self.movement.lasting - len(self.given) - self._new)

    @property
    def refusal(self) -> Exception | None:
        """Why items are missing at the end: a page was refused that should be there, for the one before it was full.

        Or the list moved, and what was to be on that page is now on one that was read before.
        """
        is_at_end = self._items_received >= self.movement.total_at_end
        is_missed = not is_at_end and self._size_at_end >= self._full_page
        return self._refusal if self.next_page is None and (is_missed or not self.has_begun) else None

    @property
    def seems_whole(self) -> bool:
        """Whether all items seem to be there, and the next page is asked for to make sure."""
        return self._is_at_total and len(self._last_ids) < self.page_size

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
    def _is_at_total(self) -> bool:
        return self.has_begun and self._items_received == self.total

    @property
    def _total_is_own(self) -> bool:
        """Whether ``total`` is merely the number of a page's items, as this list or others have shown."""
        return self.habits.total_counts_list is False or self.movement.total_is_own

    @property
    def _is_at_page_0_of_1(self) -> bool:
        """Whether the next page is page 0, in a reading that began with page 1."""
        return self.next_page == 0 and self.first_page == 1

    # --- What comes next -----------------------------------------------------------------------------------

    def upcoming(self, count: int) -> range:
        """Numbers of the next pages, ``next_page`` first: as many, if the list is known to have so many.

        Where the end is not known, behind ``total``, a quarter of the pages that were found there, and one.
        """
        if self.next_page is None:
            return range(0)
        number = self.next_page
        last = max(number, self.pages + self.first_page - 1, number + self._pages_behind_total // 4)
        if self._is_at_page_0_of_1:
            last = number
        return range(number, min(number + count, last + 1))

    def received(self, ids: Sequence[str], total: int) -> AbstractSet[str]:
        """Count the next page, which was received: the ids of its items, and its ``total``. Returns the new ids."""
        assert self.next_page is not None
        is_page_0 = self._is_at_page_0_of_1
        is_same = self._is_same_page(ids, total)
        is_news = not self.seen.issuperset(ids)
        new = set(ids) - self.seen - self.given
        if not is_same:
            repeated = sum(item_id in self.seen for item_id in ids)
            self.movement.answered(len(ids), total, repeated, is_first_page=is_page_0)
            self._items_received += len(ids)
        self._new += len(new)
        self.seen.update(ids)
        self._pages_received += 1
        self._largest = max(self._largest, len(ids))
        self._first_ids = self._first_ids or ids
        self._last_ids = ids
        self._size_at_end = self._size_at_end if is_page_0 and self._size_at_end else len(ids)
        self._repeated_pages = 0 if is_news else self._repeated_pages + 1
        self._pages_behind_total += is_news and self._items_received > total
        self._learn(len(ids), total)
        self._go_on(self.next_page, len(ids), is_news=is_news, is_same=is_same)
        return new

    def refused(self, error: Exception) -> None:
        """Count the next page as refused, which a page may be that does not exist."""
        if self._is_at_page_0_of_1:
            self._leave_page_0(is_news=False)
        else:
            self._refusal = error
            self._turn_to_page_0(None)

    def _learn(self, size: int, total: int) -> None:
        """Note what a page of so many items, and its ``total``, show of all lists of the resource."""
        habits = self.habits
        habits.largest_page = max(habits.largest_page, size)
        if total > size:
            habits.total_counts_list = True
        elif size and self.movement.total_is_own and habits.total_counts_list is None:
            habits.total_counts_list = False

    def _is_same_page(self, ids: Sequence[str], total: int) -> bool:
        """Whether a page is the one before it again, or page 0 the first one: so a service answers a wrong number.

        Not if ``total`` has grown: then items may have moved by exactly one page.
        """
        if self._is_at_page_0_of_1:
            return ids == self._first_ids
        return bool(ids) and ids == self._last_ids and total <= self.total

    def _go_on(self, number: int, size: int, *, is_news: bool, is_same: bool) -> None:
        """Choose the page after one of that number and size."""
        if self._is_at_page_0_of_1:
            self._leave_page_0(is_news=is_news)
        elif is_same or self._is_last(number, size):
            self._turn_to_page_0(None)
        elif self._may_end_a_list_from_0(number, size):
            self._turn_to_page_0(number + 1)
        else:
            self.next_page = number + 1

    def _is_last(self, number: int, size: int) -> bool:
        """Whether no page after one of that number and size can hold anything, as far as is known."""
        if self._items_received < self.total:
            # How large pages are, an empty one does not show: then they count as large as was asked for.
            pages = self.pages if size else math.ceil(self.total / self.page_size)
            is_dry = not size and self._repeated_pages > MAX_REPEATED_PAGES
            return is_dry or (bool(self._repeated_pages) and number - self.first_page + 1 >= pages)
        if not size:
            return True
        if self._is_at_total and not self._total_is_own and (size < self._full_page or self.total % size):
            return True
        return size < self._largest_known or self._repeated_pages > MAX_REPEATED_PAGES

    @property
    def _largest_known(self) -> int:
        """Items of the largest page of this list and others, as far as pages of this size can have so many."""
        return max(self._largest, min(self.page_size, self.habits.largest_page))

    def _may_end_a_list_from_0(self, number: int, size: int) -> bool:
        """Whether page 0 is unread and a short page lies where the last does if pages are counted from 0."""
        is_short = size < self._full_page
        return not self._page_0_is_read and is_short and number * self._full_page + size == self.total

    def _turn_to_page_0(self, page_after_0: int | None) -> None:
        """Turn to page 0 if it may hold what is missing; after it, to another page if items are still missing."""
        if self._page_0_is_read or self._is_whole:
            self.next_page = None
        else:
            self.next_page, self._page_after_0 = 0, page_after_0

    @property
    def _is_whole(self) -> bool:
        """Whether no page 0 can hold anything, as far as is known."""
        is_known = self.habits.counts_from_1 and self._items_received >= self.total
        return is_known or (self._is_at_total and not self._total_is_own)

    def _leave_page_0(self, *, is_news: bool) -> None:
        self._page_0_is_read = True
        self.is_counted_from_0 = is_news
        self.habits.counts_from_1 |= bool(self._first_ids) and not is_news
        if is_news and self.total <= (self.refused_size or 0):
            self.habits.largest_limit = None  # page 1 was refused because so small a list has none
        self.next_page = self._page_after_0 if self._items_received < self.total else None

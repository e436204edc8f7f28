"""What the totals and the repeats of one reading show of the list: its size, and whether it moved. Pure.

Pages are compared in the order of the list, not in that of their answers, which may overtake each other. An item is
lost if its page was answered when it stood on an earlier one, and that page when it stood on a later one. Whether
items were removed or added between the two answers, the earlier page then had the larger ``total``. Items that merely
come again are explained by an earlier page with the smaller ``total``; if more come again, some changed places.
"""

from __future__ import annotations

import attrs


@attrs.define
class Movement:
    """What the answers of one reading show of the list."""

    total: int = attrs.field(default=0, init=False)
    """Items of the list, as the page received last said."""
    total_at_end: int = attrs.field(default=0, init=False)
    """Items of the list, as the page furthest behind said."""
    _repeated: int = attrs.field(default=0, init=False)
    _rose: int = attrs.field(default=0, init=False)
    _fell: int = attrs.field(default=0, init=False)
    _first: int | None = attrs.field(default=None, init=False)
    _answers: int = attrs.field(default=0, init=False)
    _is_own: bool = attrs.field(default=True, init=False)

    def answered(self, size: int, total: int, repeated: int, *, is_first_page: bool) -> None:
        """Count a page of so many items, of which some came again: behind the pages so far, or before all of them."""
        self._repeated += repeated
        self._answers += 1
        self._is_own &= size == total
        if not size and not total:
            return  # behind the end, some services count nothing
        self.total = total
        if self._first is None:
            self._first = self.total_at_end = total
        elif is_first_page:
            self._compare(total, self._first)
            self._first = total
        else:
            self._compare(self.total_at_end, total)
            self.total_at_end = total

    def _compare(self, earlier: int, later: int) -> None:
        """Compare the totals of two pages, of which one lies before the other in the list."""
        self._rose += max(0, later - earlier)
        self._fell += max(0, earlier - later)

    @property
    def total_is_own(self) -> bool:
        """Whether each ``total`` was the number of its page's items, and so says nothing about the list."""
        return self._is_own and self._answers > 1

    @property
    def lasting(self) -> int:
        """Items that were there from beginning to end, by ``total``, at least."""
        return (self._first or 0) - self._fell

    @property
    def lost_items(self) -> bool:
        """Whether items may have moved from a page that was not read yet to one that had been."""
        if self.total_is_own:
            return self._repeated > 0
        return self._fell > 0 or self._repeated > self._rose

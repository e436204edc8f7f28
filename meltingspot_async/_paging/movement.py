"""Whether a list moved while it was read, as far as its answers show it. Pure."""

from __future__ import annotations

import attrs


@attrs.define
class Movement:
    """What the answers of one reading show about changes of the list.

    Items that are added move others to later pages, where they come again: nothing is lost. Items that are removed
    move others to earlier pages, which may have been read: ``total`` falls. If more items come again than were
    added, some have changed their places.

    A ``total`` that is nothing but the number of the page's own items says nothing about the list.
    """

    grown: int = attrs.field(default=0, init=False)
    """Items that were added, by ``total``."""
    repeated: int = attrs.field(default=0, init=False)
    """Items that came again."""
    _fell: bool = attrs.field(default=False, init=False)
    _answers: int = attrs.field(default=0, init=False)
    _is_own: bool = attrs.field(default=True, init=False)
    _total: int = attrs.field(default=0, init=False)

    def answered(self, size: int, total: int) -> None:
        """Count an answer, in the order of arrival: a page of so many items, and its ``total``."""
        if not size and not total:
            return  # behind the end, some services count nothing
        if self._answers:
            self.grown += max(0, total - self._total)
            self._fell |= total < self._total
        self._answers += 1
        self._is_own &= size == total
        self._total = total

    @property
    def counts_list(self) -> bool:
        """Whether ``total`` can be the number of the list's items: of one page alone nobody knows."""
        return not (self._is_own and self._answers > 1)

    @property
    def is_seen(self) -> bool:
        """Whether ``total`` changed."""
        return self.counts_list and (self._fell or self.grown > 0)

    @property
    def lost_items(self) -> bool:
        """Whether items may have moved to a page that had been read."""
        if not self.counts_list:
            return self.repeated > 0
        return self._fell or self.repeated > self.grown

"""What a client learns of the lists of a resource, and remembers: the service documents none of it."""

from __future__ import annotations

import attrs


@attrs.define
class ListHabits:
    """How the service gives the lists of one resource, as far as its answers have shown."""

    largest_limit: int | None = None
    """Items that may be asked for at once, if the service has refused more."""
    largest_page: int = 0
    """Items of the largest page that was received."""
    total_counts_list: bool | None = None
    """Whether ``total`` counts the items of the list, or merely those of the page; ``None`` if that was not seen."""
    counts_from_1: bool = False
    """Whether page 0 was asked for, and had nothing that page 1 did not have."""

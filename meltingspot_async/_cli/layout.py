"""Which columns of a table a terminal has room for, and how wide each of them is. Pure, in terminal cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

GAP = 2
"""Cells between two columns."""

NARROWEST = 8
"""No column is narrower than this, however narrow the terminal is."""


@attrs.frozen
class Column:
    """A column of a table."""

    header: str
    """The text above it."""
    content: str | Callable[[Any], object]
    """What it shows of an item: the name of an attribute, or a function of the item."""
    width: int
    """Cells that it has, if its texts need them, before another column gets more."""
    rank: int = 0
    """On a narrow terminal, the columns of the highest rank are left out first, and those of rank 0 never."""
    cut: bool = False
    """Whether a text that is wider still is cut off. By default it is folded, so that nothing is lost."""


ID = Column("Id", "id", 36)
"""As wide as a UUID, which can be copied from it."""
EMAIL = Column("Email", "spot_member_email", 22, rank=1)
"""The email of a member in a list of participants."""
NAME = Column("Name", "name", 20)


@attrs.frozen
class Layout:
    """The columns that are shown, with their widths, and those that there is no room for."""

    shown: tuple[tuple[Column, int], ...]
    left_out: tuple[Column, ...]


def fitted(columns: Sequence[Column], longest: Iterable[int], room: int) -> Layout:
    """The layout of a table.

    Columns are left out until the first page of the others fits, each in no more than its width. Where even those
    that are never left out do not fit, the widest is narrowed, and its texts are folded. What room is left makes the
    columns as wide as declared, because later pages can have longer texts, and then as wide as their texts.

    :param longest: the cells that the longest text of each column needs on the first page.
    :param room: the cells of a line.
    """
    needs = {c: max(need, len(c.header), 1) for c, need in zip(columns, longest, strict=True)}
    widths = {column: min(need, column.width) for column, need in needs.items()}

    def spare() -> int:
        return room - sum(widths.values()) - GAP * (len(widths) - 1)

    for column in sorted((c for c in columns if c.rank), key=lambda c: -c.rank):
        if spare() < 0:
            del widths[column]
    while spare() < 0 and max(widths.values()) > NARROWEST:
        widths[max(widths, key=lambda c: widths[c])] -= 1
    for column in sorted(widths, key=lambda c: c.width - widths[c]):
        widths[column] += min(column.width - widths[column], max(0, spare()))
    for column, width in widths.items():
        widths[column] += min(max(0, needs[column] - width), max(0, spare()))
    return Layout(tuple(widths.items()), tuple(c for c in columns if c not in widths))

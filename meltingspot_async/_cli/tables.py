"""What the command prints on a terminal: tables, one record, bars."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..models import Model, ParticipantStatus, to_dict
from .layout import Column, Layout, fitted

_STATUS_COLOURS = {
    ParticipantStatus.INVITED: "cyan",
    ParticipantStatus.STARTED: "yellow",
    ParticipantStatus.COMPLETED: "green",
    ParticipantStatus.UNENROLLED: "red",
}
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""They belong to names in many scripts, and to many an emoji."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


class PagedTable:
    """A table that is printed page by page, as wide as the terminal allows. The first page decides on its columns."""

    def __init__(self, columns: Sequence[Column], console: Console) -> None:
        self._columns = columns
        self._console = console
        self._layout: Layout | None = None

    @property
    def left_out(self) -> list[str]:
        """The headers of the columns that there is no room for."""
        return [c.header for c in self._layout.left_out if c.header] if self._layout else []

    def show(self, items: Sequence[object]) -> None:
        """Print a page; the first one under the header."""
        is_first = self._layout is None
        if self._layout is None:
            self._layout = layout_for(self._columns, items, self._console.width)
        self._console.print(items_table(self._layout, items, header=is_first))


def layout_for(columns: Sequence[Column], items: Iterable[object], room: int) -> Layout:
    """The layout of a table that begins with these items, on lines of so many cells."""
    longest = [0] * len(columns)
    for item in items:
        for at, column in enumerate(columns):
            longest[at] = max(longest[at], _cell(_content(item, column)).cell_len)
    return fitted(columns, longest, room)


def items_table(layout: Layout, items: Iterable[object], *, header: bool = True) -> Table:
    """Items in rows of fixed width, so that the tables of several pages line up."""
    table = _plain_table(show_header=header)
    for column, width in layout.shown:
        table.add_column(
            column.header, width=width, overflow="ellipsis" if column.cut else "fold", no_wrap=column.cut
        )
    for item in items:
        table.add_row(*(_cell(_content(item, column)) for column, _ in layout.shown))
    return table


def details_table(item: Model) -> Table:
    """All fields of one item, as the service names them."""
    table = _plain_table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in to_dict(item).items():
        table.add_row(name, _cell(value))
    return table


def status_colour(status: ParticipantStatus) -> str:
    """The colour of a status, as rich names it; all unknown statuses share one."""
    return _STATUS_COLOURS.get(status, "magenta")


def plain(value: object) -> Text:
    """A text from the service, without the control characters that a terminal would obey."""
    return Text("".join(map(_harmless, str(value))))


def _harmless(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; without its offset in the first and last hours of the calendar, which can stand for never."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def bar(share: float, width: int) -> str:
    """A horizontal bar of up to ``width`` characters, exact to an eighth of one; ``share`` is clamped to 0..1."""
    eighths = math.ceil(min(max(share, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + _EIGHTHS[rest] * bool(rest)).ljust(width)


def _plain_table(*, show_header: bool) -> Table:
    return Table(show_header=show_header, box=None, pad_edge=False)


def _content(item: object, column: Column) -> object:
    return getattr(item, column.content) if isinstance(column.content, str) else column.content(item)


def _cell(value: object) -> Text:
    """A value on one line."""
    if isinstance(value, datetime):
        return Text(f"{in_utc(value).isoformat(' ', 'minutes').removesuffix('+00:00')} UTC")
    if isinstance(value, ParticipantStatus):
        text = plain(value)
        text.stylize(status_colour(value))
        return text
    if isinstance(value, Mapping | list | tuple):
        value = json.dumps(value, default=dict, ensure_ascii=False)
    return plain("" if value is None else value)

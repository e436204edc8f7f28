"""What the command prints on a terminal: tables, one record, bars."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
from rich.table import Table
from rich.text import Text

from ..models import Model, ParticipantStatus, to_dict

_STATUS_COLOURS = {
    ParticipantStatus.INVITED: "cyan",
    ParticipantStatus.STARTED: "yellow",
    ParticipantStatus.COMPLETED: "green",
    ParticipantStatus.UNENROLLED: "red",
}
_EIGHTHS = " ▏▎▍▌▋▊▉"


@attrs.frozen
class Column:
    """A column of a table."""

    header: str
    """The text above it."""
    content: str | Callable[[Any], object]
    """What it shows of an item: the name of an attribute, or a function of the item."""
    width: int
    """Its width in characters."""
    cut: bool = False
    """Whether a longer text is cut off. By default it is folded, so that nothing is lost."""


ID = Column("Id", "id", 36)
"""As wide as a UUID, which can be copied from it."""
EMAIL = Column("Email", "spot_member_email", 24)
"""The email of a member in a list of participants."""
NAME = Column("Name", "name", 40)


def items_table(columns: Iterable[Column], items: Iterable[object], *, header: bool = True) -> Table:
    """Items in rows of fixed width, so that the tables of several pages line up."""
    table = _plain_table(show_header=header)
    for column in columns:
        table.add_column(
            column.header,
            width=column.width,
            overflow="ellipsis" if column.cut else "fold",
            no_wrap=column.cut,
        )
    for item in items:
        table.add_row(*(_cell(_content(item, column)) for column in columns))
    return table


def details_table(item: Model) -> Table:
    """All fields of one item, as the service names them."""
    table = _plain_table(show_header=False)
    for name, value in to_dict(item).items():
        table.add_row(name, _cell(value))
    return table


def status_colour(status: ParticipantStatus) -> str:
    """The colour of a status, as rich names it; all unknown statuses share one."""
    return _STATUS_COLOURS.get(status, "magenta")


def plain(value: object) -> Text:
    """A text from the service, without the control characters that a terminal would obey."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))


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

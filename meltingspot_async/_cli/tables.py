"""How the command shows things on a terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import attrs
from rich.table import Table
from rich.text import Text

from ..models import CourseParticipant, Model, ParticipantStatus, to_dict

_STATUS_COLOURS = {
    ParticipantStatus.INVITED: "cyan",
    ParticipantStatus.STARTED: "yellow",
    ParticipantStatus.COMPLETED: "green",
    ParticipantStatus.UNENROLLED: "red",
}
_EIGHTHS = " ▏▎▍▌▋▊▉"


def status_colour(status: ParticipantStatus) -> str:
    """The colour a status is shown in, as rich names it; all unknown ones share one."""
    return _STATUS_COLOURS.get(status, "magenta")


def plain(value: object) -> Text:
    """A text from the service, without control characters that a terminal would obey."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))


def bar(share: float, width: int) -> str:
    """A horizontal bar of up to ``width`` characters, to an eighth of a character; ``share`` is cut to 0..1."""
    eighths = math.ceil(min(max(share, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + _EIGHTHS[rest] * bool(rest)).ljust(width)


@attrs.frozen
class Column:
    """A column of a table."""

    header: str
    """What stands above it."""
    attribute: str
    """Attribute of the items that it shows."""
    width: int
    """Characters; what is longer is folded, so that nothing is lost."""


def items_table(columns: Iterable[Column], items: Iterable[object], header: bool = True) -> Table:
    """Items in rows of one width, so that tables of several pages line up."""
    table = Table(show_header=header, box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.header, width=column.width, overflow="fold")
    for item in items:
        table.add_row(*(_cell(getattr(item, column.attribute)) for column in columns))
    return table


def participants_table(participants: Iterable[CourseParticipant], header: bool = True) -> Table:
    """Participants in rows of one width, so that tables of several pages line up."""
    table = Table(show_header=header, box=None, pad_edge=False)
    table.add_column("Participant", width=36, overflow="fold")  # as long as a UUID, whole in any case
    table.add_column("Name", width=14, no_wrap=True)
    table.add_column("Status", width=10, no_wrap=True)
    table.add_column("Completion", width=12, no_wrap=True)
    for p in participants:
        completion = Text(f"{bar(p.completion_rate / 100, 8)} {p.completion_rate}")
        table.add_row(plain(p.id), _name(p), _status(p.status), completion)
    return table


def details(item: Model) -> Table:
    """All fields of one item, in the service's names."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in to_dict(item).items():
        table.add_row(name, _status(value) if isinstance(value, ParticipantStatus) else _cell(value))
    return table


def _cell(value: object) -> Text:
    """A value on one line."""
    if isinstance(value, datetime):
        return Text(f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    if isinstance(value, Mapping | list | tuple):
        value = json.dumps(value, default=dict, ensure_ascii=False)
    return plain("" if value is None else value)


def _name(participant: CourseParticipant) -> Text:
    names = (participant.spot_member_firstname, participant.spot_member_lastname)
    return plain(" ".join(name for name in names if name))


def _status(status: ParticipantStatus) -> Text:
    text = plain(status)
    text.stylize(status_colour(status))
    return text

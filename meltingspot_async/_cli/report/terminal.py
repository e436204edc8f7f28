"""A course report on a terminal, as wide as that is."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..tables import bar, plain
from .counting import CourseReport, Section, headline

_LABEL_WIDTH = 14
_NUMBER_WIDTH = 15


def show_report(report: CourseReport, course_id: str, console: Console) -> None:
    """Print a report in the width of the console."""
    console.print(Text("Course ", style="bold") + plain(course_id))
    console.print(f"{headline(report)}\n" if report.total else headline(report))
    for section in report.sections() if report.total else ():
        console.print(_bars(section, report.total, console.width))
        console.print()


def _bars(section: Section, total: int, room: int) -> Table:
    width = max(4, min(room, 100) - _LABEL_WIDTH - _NUMBER_WIDTH - 4)
    table = Table(
        title=section.title,
        title_justify="left",
        title_style="bold",
        show_header=False,
        box=None,
        pad_edge=False,
    )
    table.add_column(width=_LABEL_WIDTH, no_wrap=True)
    table.add_column(width=width, no_wrap=True)
    table.add_column(width=_NUMBER_WIDTH, no_wrap=True, justify="right")
    for row in section.rows:
        drawn = Text(bar(row.count / section.most, width), style=row.colour)
        table.add_row(Text(row.label), drawn, f"{row.count:,} {100 * row.count / total:4.0f} %")
    return table

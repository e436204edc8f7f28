"""``meltingspot courses``: the courses of the Spot, and how one of them is doing.

The report counts; no single person is in it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import UsageError
from ..models import CourseParticipant, ParticipantStatus
from .files.resumable_file import private
from .limiting import command_client
from .running import run
from .showing import AsJsonLines, PageSize, show_list, with_page_size
from .tables import ID, Column, bar, in_utc, plain, status_colour

app = typer.Typer(no_args_is_help=True, help="Courses.")

COLUMNS = (ID, Column("Title", "title", 30), Column("Status", "status", 10))

WEEKS = 8
"""Weeks of activity that the report shows, the current one included."""

_LABEL_WIDTH = 14
_NUMBER_WIDTH = 15


@app.command("list")
def list_courses(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the courses of the Spot."""
    show_list(lambda client: client.courses.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("report")
def report_course(
    course_id: Annotated[str, typer.Argument(metavar="COURSE_ID")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the report to this file: .html or .svg.")
    ] = None,
    page_size: PageSize = None,
) -> None:
    """Show how a course is doing: the funnel, the spread of completion, the activity of the last weeks."""
    if output is not None and output.suffix.lower() not in {".html", ".svg"}:
        raise UsageError("The report is saved as .html or .svg.")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"{output.parent} is not a folder, so the report could not be saved there.")

    async def fetch() -> CourseReport:
        report = CourseReport(datetime.now(UTC))
        async with command_client() as client:
            participants = with_page_size(client, page_size).course_participants
            async for participant in participants.list(course_id):
                report.add(participant)
        return report

    report = run(fetch())
    if output is None:
        report.show(course_id, Console())
    else:
        _save(report, course_id, output)


def _save(report: CourseReport, course_id: str, output: Path) -> None:
    canvas = Console(record=True, width=80, file=StringIO(), force_terminal=True)
    report.show(course_id, canvas)
    is_svg = output.suffix.lower() == ".svg"
    drawn = canvas.export_svg(title="meltingspot courses report") if is_svg else canvas.export_html()
    with open(output, "w", encoding="utf-8", opener=private) as file:
        file.write(drawn)


class CourseReport:
    """Counts participants one by one, in flat memory, and prints the totals as bars.

    :param now: the weeks are counted back from this time. Weeks begin on Monday, in UTC.
    """

    def __init__(self, now: datetime) -> None:
        self._this_week = _monday(now)
        self.total = 0
        self.statuses = Counter[ParticipantStatus](dict.fromkeys(ParticipantStatus, 0))
        """Participants by their current status: the documented statuses, then any others."""
        self.completion = Counter[int]()
        """Participants by class of completion rate: -1 is below 0, 0 is 0, 1 to 10 are 1-9, 10-19 to 90-99,
        11 is 100 and 12 is above 100. The unit and range of the rate are not documented."""
        self.weeks = Counter[int]()
        """Participants by how many weeks ago they were last active; ``WEEKS`` stands for any earlier week."""
        self.never_active = 0

    def add(self, participant: CourseParticipant) -> None:
        """Count a participant."""
        self.total += 1
        self.statuses[participant.status] += 1
        self.completion[_completion_class(participant.completion_rate)] += 1
        if participant.last_activity_at is None:
            self.never_active += 1
        else:
            # A difference, since a date near the year 1 or 9999 cannot be converted to UTC.
            ahead = (participant.last_activity_at - self._this_week) // timedelta(weeks=1)
            self.weeks[min(max(0, -ahead), WEEKS)] += 1

    def show(self, course_id: str, console: Console) -> None:
        """Print the report in the width of the console."""
        console.print(Text("Course ", style="bold") + plain(course_id))
        if not self.total:
            console.print("No participants.")
            return
        console.print(f"{self.total:,} participants\n")
        statuses = [(plain(s), count, status_colour(s)) for s, count in self.statuses.items()]
        self._section(console, "Funnel, by current status", statuses)
        shown = [n for n in range(-1, 13) if 0 <= n <= 11 or self.completion[n]]
        rates = [(Text(_completion_label(n)), self.completion[n], "green") for n in shown]
        self._section(console, "Completion rate", rates)
        self._section(console, "Last active in the week of", self._activity())

    def _activity(self) -> list[tuple[Text, int, str]]:
        mondays = [(self._this_week - timedelta(weeks=back)).date() for back in range(WEEKS)]
        rows = [(Text(str(monday)), self.weeks[back], "cyan") for back, monday in enumerate(mondays)]
        return [
            *rows,
            (Text("earlier"), self.weeks[WEEKS], "blue"),
            (Text("never"), self.never_active, "red"),
        ]

    def _section(self, console: Console, title: str, rows: list[tuple[Text, int, str]]) -> None:
        width = max(4, min(console.width, 100) - _LABEL_WIDTH - _NUMBER_WIDTH - 4)
        table = Table(
            title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False
        )
        table.add_column(width=_LABEL_WIDTH, no_wrap=True)
        table.add_column(width=width, no_wrap=True)
        table.add_column(width=_NUMBER_WIDTH, no_wrap=True, justify="right")
        most = max(count for _, count, _ in rows)
        for label, count, colour in rows:
            drawn = Text(bar(count / most if most else 0.0, width), style=colour)
            table.add_row(label, drawn, f"{count:,} {100 * count / self.total:4.0f} %")
        console.print(table)
        console.print()


def _monday(moment: datetime) -> datetime:
    """When the week of a moment began."""
    day = in_utc(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _completion_class(rate: int) -> int:
    if rate < 0:
        return -1
    if rate == 0:
        return 0
    return 12 if rate > 100 else rate // 10 + 1


def _completion_label(number: int) -> str:
    special = {-1: "below 0", 0: "0", 1: "1-9", 11: "100", 12: "above 100"}
    return special.get(number, f"{10 * number - 10}-{10 * number - 1}")

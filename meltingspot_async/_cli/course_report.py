"""The picture of ``meltingspot courses report``: how a course is doing, in counts, without a single person."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..models import CourseParticipant, ParticipantStatus
from .tables import bar, plain, status_colour

WEEKS = 8
"""Weeks of activity that are shown, the current one included."""

_LABEL = 14
_NUMBERS = 15


class CourseReport:
    """Counts participants one by one, in flat memory, and shows what they come to.

    :param now: the time the weeks are counted back from; weeks begin on Monday, in UTC.
    """

    def __init__(self, now: datetime) -> None:
        self._this_week = _monday(now)
        self.total = 0
        self.statuses = Counter[ParticipantStatus](dict.fromkeys(ParticipantStatus, 0))
        """Participants by their current status: the documented ones, then any other."""
        self.completion = Counter[int]()
        """Participants by completion rate, in classes: -1 is below 0, 0 is 0, 1 to 10 are 1-9, 10-19 to 90-99,
        11 is 100 and 12 above 100. Its unit and range are not documented."""
        self.weeks = Counter[int]()
        """Participants by how many weeks ago they were last active; ``WEEKS`` stands for all that is earlier."""
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
        """Print the picture, in the width of the console."""
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
        width = max(4, min(console.width, 100) - _LABEL - _NUMBERS - 4)
        table = Table(
            title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False
        )
        table.add_column(width=_LABEL, no_wrap=True)
        table.add_column(width=width, no_wrap=True)
        table.add_column(width=_NUMBERS, no_wrap=True, justify="right")
        most = max(count for _, count, _ in rows)
        for label, count, colour in rows:
            drawn = Text(bar(count / most if most else 0.0, width), style=colour)
            table.add_row(label, drawn, f"{count:,} {100 * count / self.total:4.0f} %")
        console.print(table)
        console.print()


def _monday(moment: datetime) -> datetime:
    """When the week of that moment began."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
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

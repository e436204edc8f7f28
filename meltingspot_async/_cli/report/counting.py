"""What a course report counts. Pure; no single person is in it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import attrs

from ...models import CourseParticipant, ParticipantStatus
from ..tables import in_utc, plain, status_colour

WEEKS = 8
"""Weeks of activity that the report shows, the current one included."""


@attrs.frozen
class Row:
    """One bar."""

    label: str
    """What is counted."""
    count: int
    """How many participants."""
    colour: str
    """One of the eight colours of a terminal, by its name."""


@attrs.frozen
class Section:
    """Bars that belong together, and that count every participant once."""

    title: str
    rows: tuple[Row, ...]

    @property
    def most(self) -> int:
        """The largest count, which has the longest bar; at least 1."""
        return max(1, *(row.count for row in self.rows))


class CourseReport:
    """Counts participants one by one, in flat memory.

    :param now: the weeks are counted back from this time. Weeks begin on Monday, in UTC.
    """

    def __init__(self, now: datetime) -> None:
        self.made_at = now
        """When it was made."""
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

    def sections(self) -> tuple[Section, ...]:
        """All bars, from top to bottom."""
        statuses = (Row(plain(s).plain, count, status_colour(s)) for s, count in self.statuses.items())
        shown = [n for n in range(-1, 13) if 0 <= n <= 11 or self.completion[n]]
        rates = (Row(_completion_label(n), self.completion[n], "green") for n in shown)
        return (
            Section("Funnel, by current status", tuple(statuses)),
            Section("Completion rate", tuple(rates)),
            Section("Last active in the week of", self._activity()),
        )

    def _activity(self) -> tuple[Row, ...]:
        mondays = [(self._this_week - timedelta(weeks=back)).date() for back in range(WEEKS)]
        return (
            *(Row(str(monday), self.weeks[back], "cyan") for back, monday in enumerate(mondays)),
            Row("earlier", self.weeks[WEEKS], "blue"),
            Row("never", self.never_active, "red"),
        )


def headline(report: CourseReport) -> str:
    """How many participants the report counts, and when it was made."""
    made_at = f"{in_utc(report.made_at):%Y-%m-%d %H:%M} UTC"
    counted = (
        f"{report.total:,} participant{'' if report.total == 1 else 's'}"
        if report.total
        else "No participants"
    )
    return f"{counted} on {made_at}"


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

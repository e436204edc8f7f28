"""`meltingspot courses report`: counts that add up, in any width, without a single person."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from meltingspot_async import CourseParticipant, ParticipantStatus
from meltingspot_async._cli.report.counting import CourseReport
from meltingspot_async._cli.report.terminal import show_report
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.cli import run

NOW = datetime(2026, 4, 22, 12, 0, tzinfo=UTC)  # a Wednesday


def person(number: int, status: str, rate: int, active: datetime | None) -> CourseParticipant:
    made, status = make_course_participant(number), ParticipantStatus(status)
    return attrs.evolve(made, status=status, completion_rate=rate, last_activity_at=active)


participants = st.builds(
    person,
    st.integers(0, 50),
    st.sampled_from([*ParticipantStatus, "Paused", "\x1b[31m[bold]"]),
    st.integers(-20, 120),
    st.none() | st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


def report_of(people: list[CourseParticipant]) -> CourseReport:
    report = CourseReport(NOW)
    for person in people:
        report.add(person)
    return report


def shown(report: CourseReport, width: int = 80, course_id: str = "course-1") -> str:
    screen = io.StringIO()
    show_report(report, course_id, Console(file=screen, width=width))
    return screen.getvalue()


def rows(text: str) -> dict[str, int]:
    """The counts of a report by their labels."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        if line.rstrip().endswith("%"):
            label, *_, count, _share, _sign = line.split()
            found[label if label not in {"below", "above"} else " ".join(line.split()[:2])] = int(count)
    return found


@given(st.lists(participants, max_size=60))
def test_report_counts_every_participant_once_in_each_section(people: list[CourseParticipant]) -> None:
    """Statuses, completion classes and weeks each add up to the number of participants."""
    report = report_of(people)
    assert report.total == sum(report.statuses.values()) == sum(report.completion.values()) == len(people)
    assert sum(report.weeks.values()) + report.never_active == len(people)
    if people:
        assert sum(rows(shown(report)).values()) == 3 * len(people)


@given(st.lists(participants, max_size=20), st.integers(40, 140))
def test_report_fits_any_width_and_shows_no_person(people: list[CourseParticipant], width: int) -> None:
    """No line is wider than the console, and no name, email or control character is in it."""
    text = shown(report_of(people), width)
    assert max(map(len, text.splitlines())) <= width
    for person in people:
        assert person.spot_member_email not in text
        assert str(person.spot_member_lastname) not in text
    assert "\x1b" not in text


def test_report_of_an_empty_course_says_so() -> None:
    """A course without participants is reported as such, and not divided by zero."""
    assert shown(CourseReport(NOW)) == "Course course-1\nNo participants on 2026-04-22 12:00 UTC\n"


def test_report_funnel_is_in_order_and_to_scale() -> None:
    """The documented statuses are shown in their order, then unknown ones; the largest count has the longest bar."""
    people = [make_course_participant(number) for number in (0, 0, 0, 0, 1, 1, 2)]
    people.append(attrs.evolve(people[0], status=ParticipantStatus("Paused")))
    lines = shown(report_of(people)).splitlines()
    funnel = lines[lines.index(next(line for line in lines if line.startswith("Funnel"))) + 1 :][:5]
    assert [line.split()[0] for line in funnel] == ["Invited", "Started", "Completed", "Unenrolled", "Paused"]
    assert [line.count("█") for line in funnel] == [47, 23, 11, 0, 11]
    assert funnel[0].endswith(" 4   50 %")


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (-3, "below 0"),
        (0, "0"),
        (1, "1-9"),
        (9, "1-9"),
        (10, "10-19"),
        (99, "90-99"),
        (100, "100"),
        (101, "above 100"),
    ],
)
def test_report_puts_completion_rates_into_classes(rate: int, label: str) -> None:
    """Rates outside 0 to 100 are shown too, because the range is not documented."""
    somebody = attrs.evolve(make_course_participant(1), completion_rate=rate)
    counts = rows(shown(report_of([somebody])))
    assert counts[label] == 1
    assert ("below 0" in counts, "above 100" in counts) == (rate < 0, rate > 100)


@pytest.mark.parametrize(
    ("active", "label"),
    [
        (datetime(2026, 4, 20, 0, 0, tzinfo=UTC), "2026-04-20"),
        (datetime(2026, 4, 19, 23, 59, tzinfo=UTC), "2026-04-13"),
        (datetime(2026, 4, 20, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-04-13"),
        (datetime(2026, 5, 30, tzinfo=UTC), "2026-04-20"),
        (datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02"),
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), "earlier"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "earlier"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))), "2026-04-20"),
        (None, "never"),
    ],
)
def test_report_puts_activity_into_weeks(active: datetime | None, label: str) -> None:
    """Weeks begin on Monday in UTC; a future date counts as this week, a date too far back as earlier."""
    somebody = attrs.evolve(make_course_participant(1), last_activity_at=active)
    assert rows(shown(report_of([somebody])))[label] == 1


def test_report_shows_a_course(fake: FakeMeltingSpot) -> None:
    """`courses report` prints the counts of all participants."""
    fake.seed("course-1", 130)
    result = run("courses", "report", "course-1")
    assert result.exit_code == 0
    assert "130 participants" in result.stdout
    assert "Unenrolled" in result.stdout

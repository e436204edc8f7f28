"""Which columns a terminal has room for, and how wide they are."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from meltingspot_async._cli.layout import GAP, ID, NARROWEST, Column, fitted
from meltingspot_async._cli.participants import COLUMNS
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.cli import run

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NAMES = [
    ("王小明", "李"),
    ("👩🏽\N{ZERO WIDTH JOINER}💻", "🇩🇪"),
    ("مي\N{ZERO WIDTH NON-JOINER}خواهم", "x"),
    ("Ann\N{NO-BREAK SPACE}Sophie", "von und zu Hohenlohe-Schillingsfürst"),
]
widths = st.lists(st.integers(0, 90), min_size=len(COLUMNS), max_size=len(COLUMNS))


@given(widths, st.integers(1, 250))
def test_columns_fit_and_those_that_matter_stay(longest: list[int], room: int) -> None:
    """At any width the id, the status and the rate are shown; the table is too wide only where nothing can give."""
    layout = fitted(COLUMNS, longest, room)
    shown = [column for column, _ in layout.shown]
    total = sum(width for _, width in layout.shown) + GAP * (len(shown) - 1)
    assert {column.header for column in shown} >= {"Participant", "Status", "Rate"}
    assert total <= room or all(width <= NARROWEST for _, width in layout.shown)
    assert sorted([*shown, *layout.left_out], key=COLUMNS.index) == list(COLUMNS)


def test_columns_are_left_out_in_their_declared_order() -> None:
    """The highest rank is left out first, and a column that is there has at least its width."""
    columns = [ID, Column("A", "a", 10, rank=2), Column("B", "b", 10, rank=1)]
    seen = {room: fitted(columns, [36, 10, 10], room) for room in range(20, 80)}
    assert [[c.header for c in seen[room].left_out] for room in (60, 59, 48, 47)] == [
        [],
        ["A"],
        ["A"],
        ["A", "B"],
    ]


def test_wide_terminal_shows_long_texts_whole() -> None:
    """Room that is left goes to the columns whose texts need it, not to the others."""
    columns = [ID, Column("Name", "name", 10, cut=True)]
    assert [width for _, width in fitted(columns, [36, 50], 200).shown] == [36, 50]
    assert [width for _, width in fitted(columns, [5, 50], 80).shown] == [36, 42]


@pytest.fixture
def named(fake: FakeMeltingSpot) -> FakeMeltingSpot:
    """A course whose participants have wide, joined and long names, and ids that are UUIDs."""
    for number, (first, last) in enumerate(NAMES):
        person = make_course_participant(number, course_id="wide")
        fake.add(
            attrs.evolve(
                person, id=f"{UUID[:-1]}{number}", spot_member_firstname=first, spot_member_lastname=last
            )
        )
    return fake


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_wide_characters_do_not_move_the_columns(named: FakeMeltingSpot, columns: int) -> None:
    """Names of wide characters, joined emoji and joined letters take the cells they have, and stay what they are."""
    lines = run("participants", "list", "wide", columns=columns).stdout.splitlines()
    starts = [cell_len(line[: line.index(status)]) for line in lines for status in STATUSES if status in line]
    assert len(set(starts)) == 1
    assert max(map(cell_len, lines)) <= columns
    assert NAMES[1][0] in lines[2]
    assert NAMES[2][0] in lines[3]
    assert "Ann Sophie" in lines[4]
    assert ("Hohenlohe-Schillingsfürst" in lines[4]) == (columns > 80)


STATUSES = ("Invited", "Started", "Completed", "Unenrolled")


@pytest.mark.parametrize(("columns", "is_whole"), [(40, False), (60, True)])
def test_narrow_terminal_keeps_id_status_and_rate(
    named: FakeMeltingSpot, columns: int, is_whole: bool
) -> None:
    """A narrow terminal shows id, status and rate, and stderr says in one line what was left out."""
    shown = run("participants", "list", "wide", columns=columns)
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["Participant", "Status", "Rate"]
    assert max(map(len, lines)) <= columns
    assert (f"{UUID[:-1]}0" in shown.stdout) == is_whole
    assert all(status in shown.stdout for status in STATUSES)
    assert shown.stderr == (
        "meltingspot: left out, for want of room: Name. A wider terminal shows it, and --json everything.\n"
    )


def test_narrow_terminal_folds_one_item(fake: FakeMeltingSpot) -> None:
    """One item on a narrow terminal is folded, and nothing of it is cut off."""
    shown = run("participants", "get", "c", "participant-2", columns=40).stdout
    assert max(map(len, shown.splitlines())) <= 40
    assert "chloé.martin.2@example.com" in "".join(line[21:].strip() for line in shown.splitlines())


def test_empty_list_says_so(fake: FakeMeltingSpot) -> None:
    """A list without items prints nothing on stdout, and says so on stderr, with --json too."""
    for form in ([], ["--json"]):
        shown = run("participants", "list", "c", "--status", "Invited", *form)
        assert (shown.exit_code, shown.stdout) == (0, "")
        assert shown.stderr == "meltingspot: the list is empty\n"

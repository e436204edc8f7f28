"""What the command prints on a terminal."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from meltingspot_async._cli.tables import in_utc
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_course_participant

from ..contract.contract import SCHEMAS
from ..support.cli import COMMAND, COMMANDS, run
from ..support.thorough import some, thorough


@pytest.mark.parametrize(("command", "schema"), COMMANDS, ids=[" ".join(c[:2]) for c, _ in COMMANDS])
def test_table_fits_80_columns(spot: FakeMeltingSpot, command: list[str], schema: str) -> None:
    """Without --json, a list is a table of at most 80 columns with whole ids, and one item shows all its fields."""
    shown = run(*command)
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80
    for example in SCHEMAS[schema]["examples"][: 1 if command[1] == "get" else None]:
        assert example.get("id", "") in shown.stdout
    if command[1] == "get":
        assert all(name in shown.stdout for name in SCHEMAS[schema]["properties"])


def test_table_shows_whole_ids(fake: FakeMeltingSpot) -> None:
    """An id can be copied from the table, even if it is longer than a UUID."""
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    fake.add(attrs.evolve(make_course_participant(1, course_id="long"), id=uuid))
    fake.add(attrs.evolve(make_course_participant(2, course_id="long"), id=uuid * 2))
    assert run("participants", "list", "long").stdout.count(uuid) == 3


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59.9999999-05:00"]
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_dates_that_stand_for_never_are_shown(fake: FakeMeltingSpot, moment: str, form: list[str]) -> None:
    """The first and the last day that there are, which can stand for never, are shown whatever their offset."""
    document = json.loads(run("participants", "get", "c", "participant-2", "--json").stdout)
    fake.fail(Answer(200, json.dumps({**document, "startedAt": moment}).encode()))
    shown = run("participants", "get", "c", "participant-2", *form)
    assert shown.exit_code == 0
    assert moment[:10] in shown.stdout


def test_control_characters_do_not_reach_the_terminal(fake: FakeMeltingSpot) -> None:
    """Control characters in a name are shown as harmless marks."""
    document = {
        **json.loads(run("participants", "get", "c", "participant-2", "--json").stdout),
        "spotMemberLastname": "\x1b[2J\x07evil[bold]",
        "status": "Paused\x1b[0m",
    }
    fake.fail(Answer(200, json.dumps(document).encode()))
    shown = run("participants", "get", "c", "participant-2").stdout
    assert "\x1b" not in shown
    assert "�[2J�evil[bold]" in shown


@thorough
@pytest.mark.parametrize(
    "arguments",
    some(
        [
            ["courses", "report", "c"],
            ["participants", "list", "c"],
            ["participants", "get", "c", "participant-2"],
        ]
    ),
)
def test_characters_unknown_to_the_terminal_are_replaced(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Where the encoding lacks bars or names, they are replaced: no traceback, and the rest is shown."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    fake.add(make_course_participant(2, course_id="c"))
    shown = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Completed" in shown.stdout
    assert "?" in shown.stdout


@pytest.mark.parametrize(
    ("moment", "hours"), [(datetime.max.replace(tzinfo=UTC), -2), (datetime.min.replace(tzinfo=UTC), 2)]
)
def test_moment_at_the_end_of_the_calendar_is_shown_without_its_offset(moment: datetime, hours: int) -> None:
    """A date that stands for never is shown, though it cannot be brought to UTC."""
    assert in_utc(moment.replace(tzinfo=timezone(timedelta(hours=hours)))) == moment

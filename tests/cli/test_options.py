"""--status offers the documented values, in the help, on a wrong value and to a shell."""

from __future__ import annotations

import sys

import pytest

from meltingspot_async import ActivityType, ParticipantStatus
from meltingspot_async._cli import app as cli
from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import run

NAMES = [str(status) for status in ParticipantStatus]


@pytest.mark.parametrize("command", ["list", "export"])
def test_help_names_every_status(command: str) -> None:
    """The help of a command with --status names all values."""
    shown = " ".join(run("participants", command, "--help", columns=200).stdout.split())
    assert ", ".join(NAMES) in shown


@pytest.mark.parametrize("status", ["Paused", "complete", ""])
def test_unknown_status_is_one_line(fake: FakeMeltingSpot, status: str) -> None:
    """A status that does not exist is wrong usage: one line names those that do, and nothing is sent."""
    shown = run("participants", "list", "c", "--status", "Started", "--status", status)
    assert shown.exit_code == 2
    assert shown.stderr == f"meltingspot: --status must be one of {', '.join(NAMES)}.\n"
    assert not fake.received


def test_status_is_understood_in_any_case(fake: FakeMeltingSpot) -> None:
    """The service is asked for a status in its own spelling, however it was typed."""
    assert "participant-2" in run("participants", "list", "c", "--status", "completed").stdout
    assert fake.received[0].query["status[eq]"] == "Completed"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("meltingspot participants list c --status ", NAMES),
        ("meltingspot participants list c --status nonsense --status C", ["Completed"]),
        ("meltingspot participants export c --status Un", ["Unenrolled"]),
        (
            "meltingspot activities export --type CourseS",
            [t for t in ActivityType if t.startswith("CourseS")],
        ),
        ("meltingspot participants export c --format ", ["jsonl", "csv"]),
        ("meltingspot learn", ["learning-paths"]),
        ("meltingspot groups m", ["members"]),
    ],
)
def test_shell_is_offered_values_and_nothing_is_sent(
    fake: FakeMeltingSpot,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    offered: list[str],
) -> None:
    """A shell completes commands and values, whatever stands before them, without a request."""
    monkeypatch.setattr(sys, "argv", ["meltingspot"])
    monkeypatch.setenv("_MELTINGSPOT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert (shown.out.split(), shown.err) == (offered, "")
    assert not fake.received

"""The export: however it ends, with --resume the file is complete and without repeats."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from meltingspot_async import RateLimit, SlidingWindowLimiter
from meltingspot_async._cli import app as cli
from meltingspot_async._cli import exporting
from meltingspot_async._cli.participants import FILE_COLUMNS as COLUMNS
from meltingspot_async._cli.progress import ExportProgress
from meltingspot_async.models._converter import to_dict
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, make_course_participant

from ..support.clock import run_virtual
from .test_cli import COMMAND as CLI_COMMAND

COMMAND = [*CLI_COMMAND, "participants", "export"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(
        cli.app, ["participants", "export", *map(str, arguments)], env={"COLUMNS": "200"}
    )


def records(path: Path) -> list[dict[str, object]]:
    """What is in a file, whole; anything that is not fails."""
    text = path.read_text()
    if path.suffix == ".csv":
        return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
    assert text.endswith("\n") or not text
    return [json.loads(line) for line in text.splitlines()]


def ids(path: Path) -> list[str]:
    return [str(record["id"]) for record in records(path)]


def test_columns_are_the_fields_of_a_participant() -> None:
    """Every field of a participant is a column, in the documentation's order and spelling."""
    assert list(COLUMNS) == list(to_dict(make_course_participant()))
    documented = Path(__file__).parents[1] / "fixtures" / "course_participant.json"
    assert list(COLUMNS) == list(json.loads(documented.read_text()))


@pytest.mark.parametrize("name", ["all.jsonl", "all.ndjson", "all.csv"])
def test_a_course_is_written_whole(fake: FakeMeltingSpot, tmp_path: Path, name: str) -> None:
    """Every participant is a record with all fields, as the service names them."""
    fake.seed("course-1", 250)
    done = run("course-1", "-o", tmp_path / name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert sorted(ids(tmp_path / name)) == sorted(f"participant-{number}" for number in range(250))
    first = next(record for record in records(tmp_path / name) if record["id"] == "participant-2")
    assert first["spotMemberFirstname"] == "Chloé"
    assert first["completedAt"] == "2026-01-14T23:00:00Z"
    assert str(first["completionRate"]) == "100"
    assert set(first) == set(COLUMNS)


def test_without_a_terminal_progress_is_plain_lines(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Lines on stderr tell participants, requests used, and requests left in the window and today."""
    fake.seed("course-1", 250)
    told = run("course-1", "-o", tmp_path / "all.jsonl").stderr
    lines = told.splitlines()
    assert re.fullmatch(
        r"100 of 250 participants, (1 request|2 requests) \(left: 9\d in 10 s, 4999\d today\)", lines[0]
    ), lines[0]
    assert lines[-1] == f"Participants in {tmp_path / 'all.jsonl'}: 250."
    assert "\x1b" not in told


def test_on_a_terminal_progress_is_a_bar() -> None:
    """A terminal shows a bar with participants, requests used, requests left and the time to go."""
    screen = io.StringIO()

    async def main() -> None:
        limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
        console = Console(file=screen, force_terminal=True, width=100, _environ={"TERM": "xterm"})
        with ExportProgress(console, limiter, "participants") as progress:
            progress.show(50, 200)

    run_virtual(main())
    shown = screen.getvalue()
    assert "50/200" in shown
    assert "0 requests (left: 100 in 10 s)" in shown
    assert "\x1b[" in shown


def test_progress_counts_all_courses_together(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is never more than what is to be done, over several courses, and also after a resumption."""
    fake.seed("course-1", 150)
    fake.seed("course-2", 40)
    told: list[tuple[int, int]] = []

    def note(_: ExportProgress, done: int, total: int) -> None:
        told.append((done, total))

    monkeypatch.setattr(ExportProgress, "show", note)
    assert run("course-1", "course-2", "-o", tmp_path / "all.csv").exit_code == 0
    assert told == [(100, 150), (150, 150), (190, 190)]
    assert run("course-1", "course-2", "-o", tmp_path / "all.csv", "--resume").exit_code == 0
    assert told[3:] == [(190, 190)] * 3


def test_several_courses_and_a_status(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Several courses go into one file, and --status keeps what it names."""
    fake.seed("course-1", 40)
    fake.seed("course-2", 40)
    out = tmp_path / "all.csv"
    assert (
        run("course-1", "course-2", "--status", "Completed", "--status", "Started", "-o", out).exit_code == 0
    )
    assert len(records(out)) == 40
    assert {record["status"] for record in records(out)} == {"Completed", "Started"}
    assert {record["courseId"] for record in records(out)} == {"course-1", "course-2"}


def test_ids_from_a_file(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """--ids-file fetches those ids alone; ids the service does not know are told, and the exit code is 1."""
    fake.seed("course-1", 40)
    (tmp_path / "ids").write_text("participant-3\n\n  participant-4 \nnobody\nparticipant-3\n")
    out = tmp_path / "some.jsonl"
    done = run("course-1", "--ids-file", tmp_path / "ids", "-o", out)
    assert done.exit_code == 1
    assert sorted(ids(out)) == ["participant-3", "participant-4"]
    assert "unknown to the service: nobody" in done.stderr
    requests = len(fake.received)
    assert run("course-1", "--ids-file", tmp_path / "ids", "-o", out, "--resume").exit_code == 1
    assert len(fake.received) == requests + 1


@pytest.mark.parametrize(
    ("content", "says"), [(None, "does not exist"), (b"\xff\xfe", "not a text in UTF-8")]
)
def test_an_ids_file_that_is_none_is_told(
    fake: FakeMeltingSpot, tmp_path: Path, content: bytes | None, says: str
) -> None:
    """An --ids-file that is missing or no text is wrong usage, and leaves no file behind."""
    if content is not None:
        (tmp_path / "ids").write_bytes(content)
    done = run("course-1", "--ids-file", tmp_path / "ids", "-o", tmp_path / "some.jsonl")
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / "some.jsonl").exists()
    assert not fake.received


def test_a_first_try_that_came_to_nothing_can_be_repeated(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key, or for a course that is unknown, no file is left that would be in the way of the next try."""
    fake.seed("course-1", 3)
    out = tmp_path / "all.csv"
    assert run("nowhere", "-o", out).exit_code == 1
    monkeypatch.delenv("MELTINGSPOT_API_KEY")
    assert run("course-1", "-o", out).exit_code == 2
    monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
    assert run("course-1", "-o", out).exit_code == 0
    assert run("nowhere", "-o", out, "--resume").exit_code == 1
    assert len(ids(out)) == 3


def test_an_error_of_an_id_ends_the_export(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Any other error than an unknown id ends the export with its own line."""
    (tmp_path / "ids").write_text("participant-2\n")
    fake.fail(Answer(200, b"{}"))
    done = run("c", "--ids-file", tmp_path / "ids", "-o", tmp_path / "some.jsonl")
    assert done.exit_code == 1
    assert "not as documented" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "all.txt"], "--format"),
        (["-o", "all"], "--format"),
        (["c2", "-o", "all.csv", "--ids-file", "ids"], "goes with one course"),
        (["-o", "all.csv", "--ids-file", "ids", "--status", "Started"], "without --status"),
        (["-o", "there.csv"], "--resume"),
        (["-o", "foreign.csv", "--resume"], "line 1"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    """What cannot be exported exits with 2, sends nothing, and leaves existing files as they are."""
    monkeypatch.chdir(tmp_path)
    Path("ids").write_text("participant-2")
    Path("there.csv").write_text("mine")
    Path("foreign.csv").write_text("other,columns\n1,2\n")
    done = run("c", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert not fake.received
    assert Path("there.csv").read_text() == "mine"
    assert Path("foreign.csv").read_text() == "other,columns\n1,2\n"


def test_a_format_can_be_named(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """--format decides where the file's ending does not."""
    assert run("c", "-o", tmp_path / "all.txt", "--format", "jsonl").exit_code == 0
    assert json.loads((tmp_path / "all.txt").read_text())["id"] == "participant-2"


def test_a_used_up_allowance_has_its_own_exit_code(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the day's requests are used up the export exits with 3 and says when to come back; then it goes on."""
    fake.seed("course-1", 450)
    out = tmp_path / "all.jsonl"
    monkeypatch.setattr(exporting, "DOCUMENTED_LIMITS", (RateLimit(3, per=86_400.0),))
    stopped = run("course-1", "-o", out)
    assert stopped.exit_code == 3
    assert "Come back in 86400 s" in stopped.stderr
    assert len(ids(out)) == 300
    monkeypatch.undo()
    monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake.base_url)
    assert run("course-1", "-o", out, "--resume").exit_code == 0
    assert len(ids(out)) == len(set(ids(out))) == 450


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_a_full_disk_loses_nothing(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """When the disk fills up in the middle of a record the export says so, and goes on when there is room."""
    fake.seed("course-1", 250)
    out, room, write = tmp_path / name, 15_001, os.write

    def into_little_room(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, data[:room])
        room -= written
        return written

    monkeypatch.setattr("meltingspot_async._cli.files.record_file.os.write", into_little_room)
    stopped = run("course-1", "-o", out)
    assert stopped.exit_code == 1
    assert "No space left on device" in stopped.stderr
    assert out.stat().st_size == 15_001
    room = 10**9
    assert run("course-1", "-o", out, "--resume").exit_code == 0
    assert sorted(ids(out)) == sorted(f"participant-{number}" for number in range(250))


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_signals_end_it_in_good_order(
    fake: FakeMeltingSpot, tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    """Ctrl-C and SIGTERM end the export with their own code, one line, and a file that can be gone on with."""
    fake.seed("course-1", 250)
    fake.fail(Delay(0.0), Delay(60.0))
    out = tmp_path / "all.jsonl"
    export = subprocess.Popen([*COMMAND, "course-1", "-o", out], stderr=subprocess.PIPE, text=True)
    while len(fake.received) < 2 or not out.read_text():
        assert export.poll() is None
        time.sleep(0.005)
    export.send_signal(number)
    _, told = export.communicate(timeout=20)
    assert export.returncode == code
    assert f"meltingspot: {word}" in told
    assert "Traceback" not in told
    assert len(ids(out)) == 100
    assert run("course-1", "-o", out, "--resume").exit_code == 0
    assert len(ids(out)) == len(set(ids(out))) == 250


@pytest.mark.parametrize(("name", "kills"), [("all.jsonl", 9), ("all.csv", 4)])
def test_killed_at_random_it_loses_nothing(
    fake: FakeMeltingSpot, tmp_path: Path, name: str, kills: int
) -> None:
    """Killed at random moments and resumed each time, the file is complete and without repeats."""
    fake._largest_page = 20
    wanted = {("a", item) for item in fake.seed("a", 300)} | {("b", item) for item in fake.seed("b", 300)}
    out, dice = tmp_path / name, random.Random(name)
    for _ in range(kills):
        before, moment = len(fake.received), dice.randrange(1, 32)
        export = subprocess.Popen([*COMMAND, "a", "b", "-o", out, "--resume"], stderr=subprocess.DEVNULL)
        while export.poll() is None and len(fake.received) - before < moment:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.004))
        export.kill()
        export.wait()
    assert run("a", "b", "-o", out, "--resume").exit_code == 0
    got = [(record["courseId"], record["id"]) for record in records(out)]
    assert len(got) == len(set(got))
    assert set(got) == wanted

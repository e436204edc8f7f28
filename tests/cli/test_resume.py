"""--resume: however an export ends, the file gets complete, and nothing is in it twice."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from meltingspot_async.testing import Answer, FakeMeltingSpot, Reset, Truncate, make_activity

from ..support.cli import COMMAND, export, export_activities, ids, records, run
from ..support.thorough import THOROUGH, thorough


def test_first_attempt_without_result_leaves_no_file(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key, or for an unknown course, no file is left that would be in the way of the next attempt."""
    fake.seed("course-1", 3)
    out = tmp_path / "all.csv"
    assert export("nowhere", "-o", out).exit_code == 1
    monkeypatch.delenv("MELTINGSPOT_API_KEY")
    assert export("course-1", "-o", out).exit_code == 2
    monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
    assert export("course-1", "-o", out).exit_code == 0
    assert export("nowhere", "-o", out, "--resume").exit_code == 1
    assert len(ids(out)) == 3


def test_first_attempt_on_a_full_disk_leaves_no_file(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not a single record could be written, the export says why, and the new file is removed."""
    out = tmp_path / "all.jsonl"

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("meltingspot_async._cli.files.record_file.os.write", refuse)
    stopped = export("c", "-o", out)
    assert stopped.exit_code == 1
    assert stopped.stderr == "meltingspot: No space left on device\n"
    assert not out.exists()


def test_disk_that_fails_at_the_end_is_reported(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk fails when the file is closed, the export fails and says how to continue."""
    out = tmp_path / "all.csv"

    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("meltingspot_async._cli.files.resumable_file.os.fsync", refuse)
    stopped = export("c", "-o", out)
    assert stopped.exit_code == 1
    assert stopped.stderr.splitlines()[-2:] == [
        "meltingspot: Input/output error",
        f"{out} is incomplete. Run the command again with --resume to continue: nothing is lost.",
    ]


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_resume_after_a_full_disk(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """When the disk fills up in the middle of a record, the export says so, and can be resumed when there is room."""
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
    stopped = export("course-1", "-o", out)
    assert stopped.exit_code == 1
    assert "No space left on device" in stopped.stderr
    assert out.stat().st_size == 15_001
    room = 10**9
    assert export("course-1", "-o", out, "--resume").exit_code == 0
    assert sorted(ids(out)) == sorted(f"participant-{number}" for number in range(250))


@thorough
@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_resume_after_random_kills(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Killed at random moments and resumed each time, the file gets complete and has no repeats."""
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "off")  # its pace would make the test long
    fake._largest_page = 20
    wanted = {("a", item) for item in fake.seed("a", 300)} | {("b", item) for item in fake.seed("b", 300)}
    out, dice = tmp_path / name, random.Random(name)
    for _ in range(20 if THOROUGH else 2):
        before, moment = len(fake.received), dice.randrange(1, 32)
        process = subprocess.Popen(
            [*COMMAND, "participants", "export", "a", "b", "-o", out, "--resume"], stderr=subprocess.DEVNULL
        )
        while process.poll() is None and len(fake.received) - before < moment:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.004))
        process.kill()
        process.wait()
    assert export("a", "b", "-o", out, "--resume").exit_code == 0
    got = [(record["courseId"], record["id"]) for record in records(out)]
    assert len(got) == len(set(got))
    assert set(got) == wanted


@pytest.mark.parametrize("left", [b"", b'{"type": "Live', b'{"type": "LiveAttended", "id": "event-7'])
def test_resume_continues_after_the_last_activity(spot: FakeMeltingSpot, tmp_path: Path, left: bytes) -> None:
    """An incomplete last line is cut off and the rest is written: nothing is lost, nothing is there twice."""
    path = tmp_path / "activities.jsonl"
    spot.add_to("/v1/activities~export", *map(make_activity, range(350)))
    path.write_bytes(b"".join(b'{"type": "LiveAttended", "id": "event-%d"}\n' % n for n in range(7)) + left)
    spot.fail(Truncate(), Answer(503), Reset())
    shown = export_activities(path, "--resume")
    assert shown.exit_code == 0, shown.stderr
    assert [line["id"] for line in records(path)] == [f"event-{number}" for number in range(350)]
    assert "fromEventId=event-6&" in spot.received[0].url
    assert export_activities(path, "--resume").exit_code == 0
    assert len(records(path)) == 350


def test_resume_without_a_file_begins_one(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """With --resume, a file that does not exist is begun; --from-event begins after an event."""
    path = tmp_path / "activities.jsonl"
    spot.add_to("/v1/activities~export", *map(make_activity, range(9)))
    arguments = ["activities", "export", "-o", str(path), "--resume"]
    assert run(*arguments, "--from-event", "event-5").exit_code == 0
    assert [line["id"] for line in records(path)] == ["event-6", "event-7", "event-8"]


def test_resume_after_an_error(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """What arrived before an error is kept and counted; a first attempt without a result leaves no file."""
    path = tmp_path / "activities.jsonl"
    spot.add_to("/v1/activities~export", *map(make_activity, range(150)))
    spot.fail(Answer(401))
    assert export_activities(path).exit_code == 1
    assert not path.exists()
    spot.fail(Truncate(), Answer(403))
    shown = export_activities(path)
    assert shown.exit_code == 1
    assert "with --resume to continue" in shown.stderr
    assert 0 < len(records(path)) < 150
    assert export_activities(path, "--resume").exit_code == 0
    assert len(records(path)) == 150 + 1  # the documented example has no id and comes first
    assert run("activities", "export", "-o", str(path)).exit_code == 2
    assert run("activities", "export", "-o", str(tmp_path), "--from", "2026-01-01", "--resume").exit_code == 2

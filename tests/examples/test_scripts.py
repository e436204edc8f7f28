"""docs/examples/nightly.py, plain_script.py and changes.py, run against the fake service."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meltingspot_async import PermissionDeniedError
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, make_activity

from ..support.examples import example, until


def requests_for(fake: FakeMeltingSpot, course_id: str) -> int:
    """Pages of a course that were asked for."""
    return sum(request.path == f"/v1/courses/{course_id}/participants" for request in fake.received)


def test_nightly_script_continues_where_it_was_interrupted(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A course that was finished is not read again, one that was not is not in the database by half; a course that
    fails keeps no other from its place in both files.
    """
    polars: Any = pytest.importorskip("polars")
    nightly = example("nightly", monkeypatch)
    fake.seed("first", 25)
    fake.seed("second", 250)
    courses = ["first", "gone", "second"]

    async def interrupted() -> None:
        fake.fail(Delay(0.0), Delay(3600.0), path="/v1/courses/second/participants")
        run = asyncio.create_task(nightly.main(tmp_path, courses))
        await until(lambda: requests_for(fake, "second") >= 2)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(interrupted())
    with closing(sqlite3.connect(tmp_path / "participants.db")) as base:
        assert base.execute("SELECT course_id, count(*) FROM participants GROUP BY 1").fetchall() == [
            ("first", 25)
        ]
    assert not (tmp_path / "participants.parquet").exists()
    fake.recover()
    pages = requests_for(fake, "first")
    capsys.readouterr()
    assert asyncio.run(nightly.main(tmp_path, courses)) == 1
    assert requests_for(fake, "first") == pages
    frame = polars.read_parquet(tmp_path / "participants.parquet")
    assert len(frame) == 275
    assert set(frame["course_id"]) == {"first", "second"}
    assert frame.schema["invited_at"] == polars.Datetime("us", "UTC")
    assert frame.schema["completion_rate"] == polars.Int64
    shown = capsys.readouterr().err
    assert "gone: 404" in shown
    assert "100%" in shown


def test_plain_script(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script without a coroutine of its own prints the figures of each course, on one client."""
    fake.seed("course-1", 4)
    example("plain_script", monkeypatch).main(["course-1", "c"])
    figures = capsys.readouterr().out.splitlines()
    assert figures == [
        "course-1 {'Invited': 1, 'Started': 1, 'Completed': 1, 'Unenrolled': 1}",
        "c {'Completed': 1}",
    ]


def test_changes_are_reported_once(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run reports what happened since the one before, all of it again if that one failed, and nothing twice."""
    changes = example("changes", monkeypatch)
    fake.seed("course-1", 3)

    def happens(number: int, **fields: str) -> None:
        activity = make_activity(number)
        fake.add_to("/v1/activities~export", make_activity(number, extra={**activity.extra, **fields}))

    def reported() -> str:
        asyncio.run(changes.main(tmp_path))
        return capsys.readouterr().out

    happens(0, courseId="course-1")
    happens(1, courseId="deleted")
    fake.fail(Answer(403), path="/v1/courses/course-1/participants")
    with pytest.raises(PermissionDeniedError):
        reported()
    everything = reported()
    assert "course-1 {" in everything
    assert "deleted" not in everything
    assert everything.count("     1 ") == 2
    assert reported() == ""
    happens(2)
    assert len(reported().splitlines()) == 1

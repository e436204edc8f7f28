"""`meltingspot activities export`: what it writes, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from meltingspot_async._cli.activities import in_utc
from meltingspot_async._cli.files.activity_file import ActivityFile
from meltingspot_async.testing import FakeMeltingSpot, make_activity

from ..support.cli import export_activities, records


def test_export_writes_activities(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """`activities export` writes each activity that the service sends as one line, and prints how many there are."""
    spot.add_to("/v1/activities~export", *map(make_activity, range(250)))
    path = tmp_path / "activities.jsonl"
    shown = export_activities(path, "--to", "2026-02-01", "--type", "LiveAttended", "--type", "TopicVoted")
    assert shown.exit_code == 0
    assert shown.stderr.splitlines()[-1].startswith(f"Activities in {path}: ")
    assert {line["type"] for line in records(path)} == {"LiveAttended", "TopicVoted"}
    asked = spot.received[0].path
    assert "fromDate[eq]=1767225600" in asked
    assert "toDate[eq]=1769904000" in asked
    assert "eventType[in]=LiveAttended,TopicVoted" in asked
    assert export_activities(path).exit_code == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"precious notes", "is not an export"),
        (b"precious\n", "does not end with an activity"),
        (b'{"type": "LiveAttended"}\n', "does not end with an activity that has an id"),
    ],
)
def test_export_leaves_other_files_alone(
    spot: FakeMeltingSpot, tmp_path: Path, content: bytes, says: str
) -> None:
    """A file that is not an export of activities is refused and left as it is."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    shown = export_activities(path, "--resume")
    assert shown.exit_code == 2
    assert says in shown.stderr
    assert path.read_bytes() == content
    assert not spot.received


def test_export_leaves_a_file_in_use_alone(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """Two exports cannot write the same file at the same time."""
    path = tmp_path / "activities.jsonl"
    with ActivityFile(path, resume=False):
        shown = export_activities(path, "--resume")
    assert shown.exit_code == 2
    assert "being written by another process" in shown.stderr


def test_date_without_timezone_is_utc() -> None:
    """A date on the command line is in UTC, unless it says otherwise."""
    moment = datetime(2026, 1, 1, 2)  # noqa: DTZ001 - that is the point
    assert in_utc(moment) == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert in_utc(moment.replace(tzinfo=timezone(timedelta(hours=2)))) == datetime(2026, 1, 1, tzinfo=UTC)
    assert in_utc(None) is None

"""`meltingspot activities export`: what it writes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from meltingspot_async._cli.files.activity_file import ActivityFile
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_activity

from ..support.cli import export_activities, records, run


def test_export_writes_activities(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """`activities export` writes each activity that the service sends as one line, and prints how many there are."""
    spot.add_to("/v1/activities~export", *map(make_activity, range(250)))
    path = tmp_path / "activities.jsonl"
    shown = export_activities(path, "--to", "2026-02-01", "--type", "LiveAttended", "--type", "TopicVoted")
    assert shown.exit_code == 0
    assert shown.stderr.splitlines()[-1] == f"Activities in {path}: {len(records(path))}."
    assert {line["type"] for line in records(path)} == {"LiveAttended", "TopicVoted"}
    asked = spot.received[0].url
    assert "fromDate[eq]=1767225600" in asked
    assert "toDate[eq]=1769904000" in asked
    assert "eventType[in]=LiveAttended,TopicVoted" in asked
    assert export_activities(path).exit_code == 2


def test_resumed_export_counts_all_activities_of_its_file(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """With --resume, the number at the end counts what the file held before, too."""
    path = tmp_path / "activities.jsonl"
    path.write_bytes(b"".join(b'{"type": "LiveAttended", "id": "event-%d"}\n' % n for n in range(4)))
    spot.add_to("/v1/activities~export", *map(make_activity, range(9)))
    shown = export_activities(path, "--resume")
    assert shown.stderr.splitlines()[-1] == f"Activities in {path}: 9."
    assert len(records(path)) == 9


def test_half_a_character_ends_no_export(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """A text that the service cut in the middle of a character, as JSON allows, is written as it came."""
    path = tmp_path / "activities.jsonl"
    with ActivityFile(path, resume=False) as file:
        file.append(make_activity(1, extra={"id": "event-1", "title": "half \ud83d"}))
    assert json.loads(path.read_bytes())["title"] == "half \ud83d"
    with ActivityFile(path, resume=True) as file:
        assert len(file) == 1


def test_beginning_of_a_first_line_is_written_anew(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """An export that was cut within its first activity continues from its beginning."""
    path = tmp_path / "activities.jsonl"
    path.write_bytes(b'{"type": "Live')
    spot.add_to("/v1/activities~export", *map(make_activity, range(3)))
    assert export_activities(path, "--resume").exit_code == 0
    assert {"event-0", "event-1", "event-2"} <= {line.get("id") for line in records(path)}


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


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("2026-01-01", 1767225600),
        ("2026-01-01T02:00", 1767225600 + 7200),
        ("2026-01-01T02:00:00Z", 1767225600 + 7200),
        ("2026-01-01T02:00+02:00", 1767225600),
    ],
)
def test_date_without_timezone_is_utc(spot: FakeMeltingSpot, tmp_path: Path, text: str, asked: int) -> None:
    """A date or time on the command line is in UTC, unless it says otherwise."""
    run("activities", "export", "--from", text, "-o", tmp_path / "activities.jsonl")
    assert spot.received[0].query["fromDate[eq]"] == str(asked)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "yesterday"], "--from must be a time like 2026-01-31"),
        (["--from", "1767225600"], "--from must be a time"),
        (["--from", "2026-01-01", "--to", "2026-13-01"], "--to must be a time"),
        (["--from", "9999-12-31T23:59:59-12:00"], "--from is in the future: it is "),
        (["--from", "2026-02-01", "--to", "2026-01-01"], "--from is later than --to"),
        ([], "either --from or --from-event"),
        (["--from", "2026-01-01", "-o", "a.csv"], "a.csv: activities are written as JSON Lines"),
        (["--from", "2026-01-01", "-o", "a.PARQUET"], "written as JSON Lines"),
        (["--from", "2026-01-01", "-o", "nowhere/a.jsonl"], "The folder nowhere does not exist"),
    ],
)
def test_export_refuses_wrong_usage_in_one_line(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    """An export that cannot work exits with 2 and one line, sends nothing, and leaves no file behind."""
    monkeypatch.chdir(tmp_path)
    shown = run("activities", "export", "-o", "a.jsonl", *arguments)
    assert shown.exit_code == 2
    assert says in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
    assert not spot.received
    assert not list(tmp_path.iterdir())


def lines_of(numbers: Iterable[int], field: str = "id") -> bytes:
    """The lines of a file with these activities."""
    return b"".join(b'{"type": "LiveAttended", "%s": "event-%d"}\n' % (field.encode(), n) for n in numbers)


def test_resume_knows_the_last_activities_of_the_file(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """Whatever the service repeats of the last 1,000 activities in the file is not written again."""
    path = tmp_path / "activities.jsonl"
    path.write_bytes(lines_of(range(1_500)))
    spot.fail(Answer(200, lines_of(range(500, 1_510))))
    spot.add_to("/v1/activities~export", make_activity(1_509))
    assert export_activities(path, "--resume").exit_code == 0
    assert [line["id"] for line in records(path)] == [f"event-{number}" for number in range(1_510)]


def test_id_field_names_the_id_of_an_activity(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """--id-field names the field of the id, for what the service sends and for what is in the file."""
    path = tmp_path / "activities.jsonl"
    path.write_bytes(lines_of(range(3), "ref"))
    refused = export_activities(path, "--resume")
    assert refused.exit_code == 2
    assert "--id-field" in refused.stderr
    spot.fail(Answer(200, lines_of(range(2, 5), "ref")), Answer(200))
    assert export_activities(path, "--resume", "--id-field", "ref").exit_code == 0
    assert [line["ref"] for line in records(path)] == [f"event-{number}" for number in range(5)]
    assert "fromEventId=event-2&" in spot.received[0].url


def test_resumed_export_of_activities_remembers_the_last_thousand(tmp_path: Path) -> None:
    """Of a file that is continued the last thousand ids are known, and none before them, however large it is."""
    path = tmp_path / "activities.jsonl"
    with ActivityFile(path, resume=False) as file:
        for number in range(1_001):
            file.append(make_activity(number))
    with ActivityFile(path, resume=True) as file:
        for number, count in ((1_000, 1_001), (1, 1_001), (0, 1_002)):
            file.append(make_activity(number))
            assert len(file) == count

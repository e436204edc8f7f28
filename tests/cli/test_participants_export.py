"""`meltingspot participants export`: what it writes, and what it refuses."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

import pytest

from meltingspot_async import to_dict
from meltingspot_async._cli.participants import FILE_COLUMNS
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_course_participant

from ..support.cli import export, ids, records, run


def test_export_columns_are_the_fields_of_a_participant() -> None:
    """Every field of a participant is a column, in the order and spelling of the documentation."""
    assert list(FILE_COLUMNS) == list(to_dict(make_course_participant()))
    documented = Path(__file__).parents[1] / "fixtures" / "course_participant.json"
    assert list(FILE_COLUMNS) == list(json.loads(documented.read_text()))


@pytest.mark.parametrize("name", ["all.jsonl", "all.ndjson", "all.csv"])
def test_export_writes_a_whole_course(fake: FakeMeltingSpot, tmp_path: Path, name: str) -> None:
    """Every participant is a record with all fields, under the names of the service."""
    fake.seed("course-1", 250)
    done = export("course-1", "-o", tmp_path / name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert sorted(ids(tmp_path / name)) == sorted(f"participant-{number}" for number in range(250))
    first = next(record for record in records(tmp_path / name) if record["id"] == "participant-2")
    assert first["spotMemberFirstname"] == "Chloé"
    assert first["completedAt"] == "2026-01-14T23:00:00Z"
    assert str(first["completionRate"]) == "100"
    assert set(first) == set(FILE_COLUMNS)


def test_export_takes_several_courses_and_statuses(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Several courses go into one file, and --status keeps the participants it names."""
    fake.seed("course-1", 40)
    fake.seed("course-2", 40)
    out = tmp_path / "all.csv"
    assert (
        export("course-1", "course-2", "--status", "Completed", "--status", "Started", "-o", out).exit_code
        == 0
    )
    assert len(records(out)) == 40
    assert {record["status"] for record in records(out)} == {"Completed", "Started"}
    assert {record["courseId"] for record in records(out)} == {"course-1", "course-2"}


def test_export_of_ids_reports_unknown_ones(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """--ids-file fetches only those ids. Ids that the service does not know are reported, and the exit code is 1."""
    fake.seed("course-1", 40)
    lines = (
        "\ufeffparticipant-3\n\n  participant-4 \r\nnobody\x1b[2J\nparticipant-3\n"  # as Notepad writes it
    )
    (tmp_path / "ids").write_bytes(lines.encode())
    out = tmp_path / "some.jsonl"
    done = export("course-1", "--ids-file", tmp_path / "ids", "-o", out)
    assert done.exit_code == 1
    assert sorted(ids(out)) == ["participant-3", "participant-4"]
    assert "unknown to the service: nobody\N{REPLACEMENT CHARACTER}[2J\n" in done.stderr
    requests = len(fake.received)
    assert export("course-1", "--ids-file", tmp_path / "ids", "-o", out, "--resume").exit_code == 1
    assert len(fake.received) == requests + 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "does not exist"),
        (b"\xff\xfe", "not a text in UTF-8"),
        ("participant-1".encode("utf-16"), "not a text in UTF-8"),
        ("participant-1".encode("utf-16-le"), "not a text in UTF-8"),
        (b"participant-2,c\n" + b"x" * 1_001, "a line of more than 1000 characters"),
    ],
)
def test_unreadable_ids_file_is_wrong_usage(
    fake: FakeMeltingSpot, tmp_path: Path, content: bytes | None, says: str
) -> None:
    """An --ids-file that is missing or not a text is wrong usage, and leaves no file behind."""
    if content is not None:
        (tmp_path / "ids").write_bytes(content)
    done = export("course-1", "--ids-file", tmp_path / "ids", "-o", tmp_path / "some.jsonl")
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / "some.jsonl").exists()
    assert not fake.received


@pytest.mark.parametrize(
    "command", [["participants", "export", "c"], ["activities", "export", "--from", "2026-01-01"]]
)
def test_output_that_is_no_file_is_refused_unsent(
    fake: FakeMeltingSpot, tmp_path: Path, command: list[str]
) -> None:
    """An export to a device, a folder or into a missing folder ends in one line, and nothing is sent."""
    (tmp_path / "device.jsonl").symlink_to(os.devnull)
    (tmp_path / "folder.jsonl").mkdir()
    for name, says in (
        ("device.jsonl", "not a regular file"),
        ("folder.jsonl", "folder.jsonl is a folder. Name a file in it."),
        ("nowhere/all.jsonl", "nowhere does not exist. Create it, or choose another file."),
    ):
        for more in ((), ("--resume",)):
            ended = run(*command, "-o", tmp_path / name, *more)
            assert (ended.exit_code, ended.stdout) == (2, "")
            assert says in ended.stderr
            assert len(ended.stderr.splitlines()) == 1
    assert not fake.received


def test_export_of_ids_ends_at_an_error(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Any error other than an unknown id ends the export with its own line."""
    (tmp_path / "ids").write_text("participant-2\n")
    fake.fail(Answer(200, b"[]"))
    done = export("c", "--ids-file", tmp_path / "ids", "-o", tmp_path / "some.jsonl")
    assert done.exit_code == 1
    assert "not as documented" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "all.txt"], "--format"),
        (["-o", "all"], "--format"),
        (["-o", "all.parquet"], "JSON Lines (.jsonl, .ndjson) or CSV (.csv)"),
        (["-o", "nowhere/all.csv"], "The folder nowhere does not exist"),
        (["-o", "all.csv", "--status", "Paused"], "--status must be one of Invited, Started,"),
        (["c2", "-o", "all.csv", "--ids-file", "ids"], "goes with one course"),
        (["-o", "all.csv", "--ids-file", "ids", "--status", "Started"], "without --status"),
        (["-o", "there.csv"], "--resume"),
        (["-o", "foreign.csv", "--resume"], "line 1"),
    ],
)
def test_export_refuses_wrong_usage_before_sending(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    """An export that cannot work exits with 2, sends nothing, and leaves existing files as they are."""
    monkeypatch.chdir(tmp_path)
    Path("ids").write_text("participant-2")
    Path("there.csv").write_text("mine")
    Path("foreign.csv").write_text("other,columns\n1,2\n")
    done = export("c", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert not fake.received
    assert Path("there.csv").read_text() == "mine"
    assert Path("foreign.csv").read_text() == "other,columns\n1,2\n"


def test_export_format_can_be_chosen(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """--format decides where the ending of the file does not."""
    assert export("c", "-o", tmp_path / "all.txt", "--format", "jsonl").exit_code == 0
    assert json.loads((tmp_path / "all.txt").read_text())["id"] == "participant-2"


def test_export_of_many_courses_keeps_each_together(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Several courses are read at the same time, and the records of each still stand together, in the order given."""
    names = [f"course-{number}" for number in range(30)]
    for name in names:
        fake.seed(name, 3)
    fake.seed("course-7", 250)
    assert export(*names, "-o", tmp_path / "all.csv").exit_code == 0
    courses = [record["courseId"] for record in records(tmp_path / "all.csv")]
    assert [course for course, _ in itertools.groupby(courses)] == names
    assert len(courses) == 29 * 3 + 250


def test_export_names_the_courses_that_failed(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Courses that fail do not keep the others from the file; they are named at the end, and the exit code is 1."""
    fake.seed("course-1", 3)
    fake.seed("course-2", 3)
    out = tmp_path / "all.jsonl"
    done = export("course-1", "nowhere", "course-2", "-o", out)
    assert done.exit_code == 1
    assert "nowhere: 404 for GET /v1/courses/nowhere/participants" in done.stderr
    assert "--resume" in done.stderr
    assert len(records(out)) == 6
    fake.seed("nowhere", 2)
    assert export("course-1", "nowhere", "course-2", "-o", out, "--resume").exit_code == 0
    assert len(records(out)) == 8


def test_export_writes_all_that_is_well_formed(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """A participant that is not as documented keeps no other from the file; the command says so and exits with 1."""
    fake.seed("course-1", 150)
    fake.seed("course-2", 3)
    odd = {**to_dict(make_course_participant(7, course_id="course-1")), "id": "odd", "status": 3}
    fake.add_documents("/v1/courses/course-1/participants", odd)
    done = export("course-1", "course-2", "-o", tmp_path / "all.jsonl")
    assert done.exit_code == 1
    assert len(ids(tmp_path / "all.jsonl")) == 153
    assert "not in the file, because they are not as documented: 1. The first: " in done.stderr
    assert "item odd at $.items[50].status" in done.stderr


def test_export_of_ids_writes_all_that_is_well_formed(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """The same with --ids-file: the odd one is asked for by itself, and counted."""
    fake.seed("course-1", 5)
    fake.add_documents("/v1/courses/course-1/participants", {"id": "odd"})
    (tmp_path / "ids").write_text("participant-1\nodd\nparticipant-3\n")
    done = export("course-1", "--ids-file", tmp_path / "ids", "-o", tmp_path / "some.jsonl")
    assert done.exit_code == 1
    assert sorted(ids(tmp_path / "some.jsonl")) == ["participant-1", "participant-3"]
    assert (
        "not as documented: 1. The first: The answer to GET /v1/courses/course-1/participants/odd"
        in done.stderr
    )


def test_ids_file_is_planned_as_a_whole(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """An ids file with all participants of a course costs its pages, whatever the order of the ids."""
    seeded = fake.seed("course-1", 3_000)
    (tmp_path / "ids").write_text("\n".join([*seeded[1::2], *seeded[::2]]))
    before = len(fake.received)
    done = export("course-1", "--ids-file", tmp_path / "ids", "-o", tmp_path / "all.jsonl")
    assert done.exit_code == 0
    assert len(ids(tmp_path / "all.jsonl")) == 3_000
    assert len(fake.received) - before <= 31


def test_export_of_ids_ends_at_an_error_that_is_not_an_id_s(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is not accepted ends the export of an ids file in one line."""
    ids_file = tmp_path / "ids.txt"
    ids_file.write_text("participant-1\nparticipant-2\n")
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "wrong")
    ended = export("course-1", "--ids-file", ids_file, "-o", tmp_path / "some.jsonl")
    assert ended.exit_code == 1
    assert "Check the secret key" in ended.stderr

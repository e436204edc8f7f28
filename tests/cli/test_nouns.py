"""The nouns of the command: the same commands for everything there is to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from typer.testing import Result

from meltingspot_async import RateLimit
from meltingspot_async._cli import app as cli
from meltingspot_async._cli.activities import in_utc
from meltingspot_async._cli.files.activity_file import ActivityFile
from meltingspot_async.testing import Answer, FakeMeltingSpot, Reset, Truncate, make_activity

from ..conftest import live
from ..contract.contract import KNOWN, SCHEMAS, fill
from ..support.redis_server import redis_server
from .test_cli import run

EXPORT = "/v1/activities~export"
COMMANDS = [
    (["courses", "list"], "Course"),
    (["participants", "list", KNOWN["courseId"]], "CourseParticipant"),
    (["participants", "get", KNOWN["courseId"], KNOWN["courseParticipantId"]], "CourseParticipant"),
    (["learning-paths", "participants", KNOWN["learningPathId"]], "LearningPathParticipant"),
    (["lives", "list"], "Live"),
    (["lives", "get", KNOWN["liveId"]], "Live"),
    (["lives", "participants", KNOWN["liveId"]], "LiveParticipant"),
    (["members", "list"], "SpotMember"),
    (["members", "get", KNOWN["spotMemberId"]], "SpotMember"),
    (["members", "find", "--email", "ada@example.com", "--email", "bo@example.com"], "SpotMember"),
    (["members", "answers", KNOWN["spotMemberId"]], "CustomFormAnswer"),
    (["members", "properties", KNOWN["spotMemberId"]], "CustomPropertyValue"),
    (["roles", "list"], "CustomRole"),
    (["roles", "get", KNOWN["customRoleId"]], "CustomRole"),
    (["groups", "list"], "Group"),
    (["groups", "members", KNOWN["groupId"]], "SpotMember"),
    (["channels", "list"], "Channel"),
    (["channels", "get", KNOWN["channelId"]], "Channel"),
    (["channels", "members", KNOWN["channelId"]], "SpotMember"),
    (["forums", "list"], "Forum"),
    (["forums", "get", KNOWN["forumId"]], "Forum"),
]


@pytest.fixture
def spot(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMeltingSpot]:
    """A live fake service with every documented example, and an environment that leads to it."""
    fake = FakeMeltingSpot(limits=[RateLimit(10_000, per=10.0)])
    fill(fake)
    with live(fake):
        monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
        monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake.base_url)
        yield fake


def test_every_noun_is_tried() -> None:
    """These tests know every command that lists or shows something."""
    known = {tuple(command[:2]) for command, _ in COMMANDS}
    known |= {("participants", "export"), ("courses", "report"), ("activities", "export")}
    registered = {
        (name, command.name) for name, group in cli.FAMILIES.items() for command in group.registered_commands
    }
    assert registered == known


def holds(shown: Any, sent: Any) -> bool:
    """Whether what is shown is what was sent, with null for what was absent."""
    return {**shown, **sent} == shown if isinstance(sent, dict) else bool(shown == sent)


@pytest.mark.parametrize(("command", "schema"), COMMANDS, ids=[" ".join(c[:2]) for c, _ in COMMANDS])
def test_json_holds_everything(spot: FakeMeltingSpot, command: list[str], schema: str) -> None:
    """With --json, every field that the service sent is there by its own name, one item a line, or one in all."""
    shown = run(*command, "--json")
    assert shown.exit_code == 0
    items = (
        [json.loads(shown.stdout)]
        if command[1] == "get"
        else list(map(json.loads, shown.stdout.splitlines()))
    )
    sent = SCHEMAS[schema]["examples"]
    assert len(items) == (1 if command[1] == "get" else len(sent))
    for item, example in zip(items, sent, strict=False):
        kept = {name: value for name, value in example.items() if value not in ({}, None) and name in item}
        assert kept.keys() == {name for name, value in example.items() if value not in ({}, None)}
        assert all(
            holds(item[name], value) for name, value in kept.items() if not name.endswith(("At", "Date"))
        )


@pytest.mark.parametrize(("command", "schema"), COMMANDS, ids=[" ".join(c[:2]) for c, _ in COMMANDS])
def test_a_terminal_shows_a_table(spot: FakeMeltingSpot, command: list[str], schema: str) -> None:
    """Without --json, a list is a table of at most 80 columns with whole ids, and an item all its fields."""
    shown = run(*command)
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80
    for example in SCHEMAS[schema]["examples"][: 1 if command[1] == "get" else None]:
        assert example.get("id", "") in shown.stdout
    if command[1] == "get":
        assert all(name in shown.stdout for name in SCHEMAS[schema]["properties"])


def test_finding_nobody_is_told(spot: FakeMeltingSpot) -> None:
    """`members find` exits with 1 if no member has the email, which is not repeated; without one, with 2."""
    shown = run("members", "find", "--email", "nobody@example.com")
    assert shown.exit_code == 1
    assert "no member has such an email" in shown.stderr
    assert "nobody@" not in shown.stdout + shown.stderr
    assert run("members", "find").exit_code == 2


# --- activities export -------------------------------------------------------------------------------------


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def export(path: Path, *more: str) -> Result:
    return run("activities", "export", "--from", "2026-01-01", "-o", str(path), *more)


def test_activities_are_written(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """`activities export` writes what the service sends, each activity on a line, and tells how many."""
    spot.add_to(EXPORT, *map(make_activity, range(250)))
    path = tmp_path / "activities.jsonl"
    shown = export(path, "--to", "2026-02-01", "--type", "LiveAttended", "--type", "TopicVoted")
    assert shown.exit_code == 0
    assert shown.stderr.splitlines()[-1].startswith(f"Activities in {path}: ")
    assert {line["type"] for line in lines(path)} == {"LiveAttended", "TopicVoted"}
    asked = spot.received[0].path
    assert "fromDate[eq]=1767225600" in asked
    assert "toDate[eq]=1769904000" in asked
    assert "eventType[in]=LiveAttended,TopicVoted" in asked
    assert export(path).exit_code == 2


@pytest.mark.parametrize("left", [b"", b'{"type": "Live', b'{"type": "LiveAttended", "id": "event-7'])
def test_resume_goes_on_after_the_last_activity(spot: FakeMeltingSpot, tmp_path: Path, left: bytes) -> None:
    """With --resume, what an interruption has left is cut off, and the rest is written: none lost, none twice."""
    path = tmp_path / "activities.jsonl"
    spot.add_to(EXPORT, *map(make_activity, range(350)))
    path.write_bytes(b"".join(b'{"type": "LiveAttended", "id": "event-%d"}\n' % n for n in range(7)) + left)
    spot.fail(Truncate(), Answer(503), Reset())
    shown = export(path, "--resume")
    assert shown.exit_code == 0, shown.stderr
    assert [line["id"] for line in lines(path)] == [f"event-{number}" for number in range(350)]
    assert "fromEventId=event-6&" in spot.received[0].path
    assert export(path, "--resume").exit_code == 0
    assert len(lines(path)) == 350


def test_resume_without_a_file_begins_one(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """With --resume, a file that is not there, or empty, is begun; --from-event begins after an event."""
    path = tmp_path / "activities.jsonl"
    spot.add_to(EXPORT, *map(make_activity, range(9)))
    arguments = ["activities", "export", "-o", str(path), "--resume"]
    assert run(*arguments, "--from-event", "event-5").exit_code == 0
    assert [line["id"] for line in lines(path)] == ["event-6", "event-7", "event-8"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"precious notes", "is not an export"),
        (b"precious\n", "does not end with an activity"),
        (b'{"type": "LiveAttended"}\n', "does not end with an activity that has an id"),
    ],
)
def test_other_files_are_left_alone(spot: FakeMeltingSpot, tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is no export of activities is refused and left as it is."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    shown = export(path, "--resume")
    assert shown.exit_code == 2
    assert says in shown.stderr
    assert path.read_bytes() == content
    assert not spot.received


def test_an_export_that_fails_can_be_gone_on_with(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """What had come before an error is kept and told; a first try that came to nothing leaves no file."""
    path = tmp_path / "activities.jsonl"
    spot.add_to(EXPORT, *map(make_activity, range(150)))
    spot.fail(Answer(401))
    assert export(path).exit_code == 1
    assert not path.exists()
    spot.fail(Truncate(), Answer(403))
    shown = export(path)
    assert shown.exit_code == 1
    assert "with --resume to continue" in shown.stderr
    assert 0 < len(lines(path)) < 150
    assert export(path, "--resume").exit_code == 0
    assert len(lines(path)) == 150 + 1  # the documented example has no id and comes first
    assert run("activities", "export", "-o", str(path)).exit_code == 2
    assert run("activities", "export", "-o", str(tmp_path), "--from", "2026-01-01", "--resume").exit_code == 1


def test_a_file_in_use_is_left_alone(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """Two exports cannot write the same file at the same time."""
    path = tmp_path / "activities.jsonl"
    with ActivityFile(path, resume=False):
        shown = export(path, "--resume")
    assert shown.exit_code == 2
    assert "being written by another process" in shown.stderr


def test_a_timezone_is_heeded() -> None:
    """A date on the command line is meant in UTC, unless it says otherwise."""
    moment = datetime(2026, 1, 1, 2)  # noqa: DTZ001 - that is the point
    assert in_utc(moment) == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert in_utc(moment.replace(tzinfo=timezone(timedelta(hours=2)))) == datetime(2026, 1, 1, tzinfo=UTC)
    assert in_utc(None) is None


def test_the_command_shares_the_limit_of_other_processes(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With MELTINGSPOT_REDIS_URL, exports and the doctor count where the workers of the same key do."""
    with redis_server() as server, Redis.from_url(server.url) as redis:
        monkeypatch.setenv("MELTINGSPOT_REDIS_URL", server.url)
        commands = (
            ["activities", "export", "--from", "2026-01-01", "-o", str(tmp_path / "activities.jsonl")],
            ["participants", "export", KNOWN["courseId"], "-o", str(tmp_path / "participants.jsonl")],
            ["doctor"],
        )
        for command in commands:
            shown = run(*command)
            assert shown.exit_code == 0, shown.stderr
            assert "left:" not in shown.stderr
        assert "cooling" in repr(cast("object", redis.keys()))

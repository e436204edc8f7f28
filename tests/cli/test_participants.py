"""`meltingspot participants get` and `list`."""

from __future__ import annotations

import json

from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import run


def test_get_shows_a_participant(fake: FakeMeltingSpot) -> None:
    """`participants get` prints the fields of the participant, and exits with 0."""
    shown = run("participants", "get", "c", "participant-2")
    assert shown.exit_code == 0
    assert "Completed" in shown.stdout
    assert "chloé.martin.2@example.com" in shown.stdout
    assert not shown.stderr


def test_get_prints_json(fake: FakeMeltingSpot) -> None:
    """With --json, the output is one JSON object with the names of the service."""
    shown = run("participants", "get", "c", "participant-2", "--json")
    document = json.loads(shown.stdout)
    assert document["spotMemberFirstname"] == "Chloé"
    assert document["completedAt"] == "2026-01-14T23:00:00Z"
    assert len(document) == 13


def test_list_shows_a_course(fake: FakeMeltingSpot) -> None:
    """`participants list` prints one line per participant under one header, 80 columns wide."""
    fake.seed("course-1", 130)
    shown = run("participants", "list", "course-1")
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert lines[0].split() == ["Participant", "Name", "Status", "Rate"]
    assert len(lines) == 131
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["participant-2", "Chloé", "Martin", "Completed", "100", "████████"]


def test_list_prints_json_lines(fake: FakeMeltingSpot) -> None:
    """With --json, each participant is one line of JSON, and --status keeps the participants it names."""
    fake.seed("course-1", 130)
    shown = run("participants", "list", "course-1", "--json", "--status", "Started")
    documents = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(documents) == 33
    assert {document["status"] for document in documents} == {"Started"}

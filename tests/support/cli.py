"""Running the ``meltingspot`` command, and reading the files it writes."""

from __future__ import annotations

import csv
import io
import json
import sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

from typer.main import get_command
from typer.testing import CliRunner, Result

from meltingspot_async._cli import app as cli

from ..contract.contract import KNOWN

# A program that runs in the background ignores Ctrl-C, and so does what it starts. This undoes it.
_START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from meltingspot_async._cli.app import main
main()
"""
COMMAND = [sys.executable, "-c", _START]
"""The command as a process of its own."""

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
"""Every command that prints a list or one item, and the schema of what it prints."""


built = cache(get_command)
"""The command of an application, built once: Typer takes longer to read all signatures than to run what is asked."""


def run(*arguments: str | Path, columns: int = 80) -> Result:
    """Run the command in this process, on a plain screen of that width."""
    screen = {"COLUMNS": str(columns), "TERM": "dumb"}
    with patch("typer.testing._get_command", built):
        return CliRunner().invoke(cli.app, [*map(str, arguments)], env=screen)


def export(*arguments: str | Path) -> Result:
    """Run `participants export`."""
    return run("participants", "export", *arguments, columns=200)


def export_activities(path: Path, *more: str) -> Result:
    """Run `activities export` from 2026 on."""
    return run("activities", "export", "--from", "2026-01-01", "-o", path, *more)


def records(path: Path) -> list[dict[str, object]]:
    """All records of a file; an incomplete one fails."""
    text = path.read_text()
    if path.suffix == ".csv":
        return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
    assert text.endswith("\n") or not text
    return [json.loads(line) for line in text.splitlines()]


def ids(path: Path) -> list[str]:
    """The ids of all records of a file."""
    return [str(record["id"]) for record in records(path)]

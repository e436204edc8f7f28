"""-v and MELTINGSPOT_LOG: what the client does, on stderr."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

from meltingspot_async import RateLimit, SlidingWindowLimiter
from meltingspot_async._cli import exporting
from meltingspot_async._cli.progress import ExportProgress
from meltingspot_async.testing import Answer, FakeMeltingSpot

from ..support.cli import export, run

LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO|WARNING) [A-Z].*")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-v", "participants", "get", "c", "participant-2"],
        ["participants", "-v", "get", "c", "participant-2"],
        ["participants", "get", "c", "participant-2", "--verbose"],
        ["-v", "participants", "-v", "get", "-v", "c", "participant-2"],
    ],
)
def test_verbose_is_understood_at_any_command(fake: FakeMeltingSpot, arguments: list[str]) -> None:
    """-v before or after the command shows every attempt, each once, in readable lines on stderr."""
    shown = run(*arguments, "--json")
    assert json.loads(shown.stdout)["id"] == "participant-2"
    lines = shown.stderr.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert ["attempt 1 ended with 200 after " in line for line in lines].count(True) == 1


@pytest.mark.parametrize(
    ("level", "seen"),
    [("debug", {"DEBUG", "INFO"}), ("INFO", {"INFO"}), ("warning", set[str]()), ("", set[str]())],
)
def test_variable_chooses_the_level(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch, level: str, seen: set[str]
) -> None:
    """MELTINGSPOT_LOG shows what is logged from its level on; nothing is shown where it is empty."""
    monkeypatch.setenv("MELTINGSPOT_LOG", level)
    fake.fail(Answer(503, headers={"Retry-After": "0"}))
    shown = run("participants", "get", "c", "participant-2")
    assert shown.exit_code == 0
    assert {line.split()[1] for line in shown.stderr.splitlines()} == seen


def test_unknown_level_is_wrong_usage(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another word in MELTINGSPOT_LOG exits with 2 and names the levels."""
    monkeypatch.setenv("MELTINGSPOT_LOG", "loud")
    shown = run("courses", "list")
    assert shown.exit_code == 2
    assert shown.stderr == "meltingspot: MELTINGSPOT_LOG must be one of debug, info, warning.\n"


def test_log_holds_neither_key_nor_email(fake: FakeMeltingSpot) -> None:
    """The key and the emails of a call are not in the log, whatever the service answers."""
    fake.fail(Answer(400, f'{{"message": "{fake.api_key} of ada@example.com"}}'.encode()))
    shown = run("members", "find", "--email", "ada@example.com", "-v")
    assert "attempt 1 ended with 400" in shown.stderr
    assert fake.api_key not in shown.stderr
    assert "ada@" not in shown.stderr


def test_log_ends_with_the_command(fake: FakeMeltingSpot) -> None:
    """After a command, logging is as it was before: in a program of its own nothing is left behind."""
    logger = logging.getLogger("meltingspot_async")
    before = logger.level, list(logger.handlers)
    run("-v", "participants", "get", "c", "nobody")
    assert (logger.level, logger.handlers) == before


def test_log_stands_above_the_progress_bar(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the lines of the log are written above the bar of an export, which is drawn anew below them."""

    def on_terminal(_: Console, limiter: SlidingWindowLimiter | None, items: str) -> ExportProgress:
        console = Console(
            file=sys.stderr,
            force_terminal=True,
            force_interactive=True,
            width=120,
            _environ={"TERM": "xterm"},
        )
        return ExportProgress(console, limiter, items)

    monkeypatch.setattr(exporting, "ExportProgress", on_terminal)
    monkeypatch.setattr(exporting, "DOCUMENTED_LIMITS", (RateLimit(100, per=10.0),))
    monkeypatch.setenv("MELTINGSPOT_LOG", "debug")
    fake.seed("course-1", 150)
    screen = export("course-1", "-o", tmp_path / "all.jsonl").stderr
    logged = [line for line in screen.splitlines() if "attempt 1 ended" in line]
    assert len(logged) == 2
    assert all(
        re.search(r"\x1b\[2K\d\d:\d\d:\d\d\.\d{3} DEBUG ", line) or LINE.match(line) for line in logged
    )
    assert "150/150" in screen

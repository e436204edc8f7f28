"""How an export shows its progress."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from meltingspot_async import RateLimit, SlidingWindowLimiter
from meltingspot_async._cli.progress import ExportProgress
from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import export
from ..support.clock import run_virtual


def test_progress_without_a_terminal_is_plain_lines(fake: FakeMeltingSpot, tmp_path: Path) -> None:
    """Lines on stderr show participants, requests used, and requests left in the window and today."""
    fake.seed("course-1", 250)
    stderr = export("course-1", "-o", tmp_path / "all.jsonl").stderr
    lines = stderr.splitlines()
    assert re.fullmatch(
        r"100 of 250 participants, (1 request|2 requests) \(left: 9\d in 10 s, 4999\d today\)", lines[0]
    ), lines[0]
    assert lines[-1] == f"Participants in {tmp_path / 'all.jsonl'}: 250."
    assert "\x1b" not in stderr


def test_progress_on_a_terminal_is_a_bar() -> None:
    """A terminal shows a bar with participants, requests used, requests left and the remaining time."""
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
    """The number done never exceeds the number to do, over several courses and after a resumption."""
    fake.seed("course-1", 150)
    fake.seed("course-2", 40)
    shown: list[tuple[int, int]] = []

    def note(_: ExportProgress, done: int, total: int) -> None:
        shown.append((done, total))

    monkeypatch.setattr(ExportProgress, "show", note)
    assert export("course-1", "course-2", "-o", tmp_path / "all.csv").exit_code == 0
    assert shown == [(100, 150), (150, 150), (190, 190)]
    assert export("course-1", "course-2", "-o", tmp_path / "all.csv", "--resume").exit_code == 0
    assert shown[3:] == [(190, 190)] * 3

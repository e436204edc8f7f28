"""Ctrl-C and SIGTERM: the command ends in good order."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from meltingspot_async.testing import Delay, FakeMeltingSpot

from ..support.cli import COMMAND, export, ids


def test_ctrl_c_shows_no_traceback(fake: FakeMeltingSpot) -> None:
    """Ctrl-C ends the command at once, and neither a traceback nor the key is on the screen."""
    fake.fail(*[Delay(60.0)] * 5)
    process = subprocess.Popen(
        [*COMMAND, "participants", "get", "c", "participant-2"], stderr=subprocess.PIPE, text=True
    )
    while not fake.received:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert fake.api_key not in stderr


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_interrupted_export_can_be_resumed(
    fake: FakeMeltingSpot, tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    """Ctrl-C and SIGTERM end an export with their own exit code, one line, and a file that can be resumed."""
    fake.seed("course-1", 150)
    fake.fail(Delay(0.0), Delay(60.0))
    out = tmp_path / "all.jsonl"
    process = subprocess.Popen(
        [*COMMAND, "participants", "export", "course-1", "-o", out], stderr=subprocess.PIPE, text=True
    )
    while len(fake.received) < 2 or not out.read_text():
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == code
    assert f"meltingspot: {word}" in stderr
    assert "Traceback" not in stderr
    assert len(ids(out)) == 100
    assert export("course-1", "-o", out, "--resume").exit_code == 0
    assert len(ids(out)) == len(set(ids(out))) == 150

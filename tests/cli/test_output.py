"""The command's output: a full disk, a reader that has seen enough, an end that is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meltingspot_async._cli import app as cli
from meltingspot_async._cli.running import ExitCode, exit_code_of
from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import COMMAND
from ..support.thorough import some, thorough

FULL = Path("/dev/full")
COMMANDS = some([["participants", "list", "c", "--json"], ["participants", "list", "c"], ["--help"]])


@thorough
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_full_output_is_one_line(fake: FakeMeltingSpot, arguments: list[str]) -> None:
    """Where the output cannot be written, the command says so in one line, and fails."""
    with FULL.open("w") as full:
        ended = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "meltingspot: No space left on device\n")


@thorough
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_reader_that_has_seen_enough_is_no_failure(fake: FakeMeltingSpot, arguments: list[str]) -> None:
    """When nobody reads the output any more, as after head(1), the command ends with 0 and without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        ended = subprocess.run(
            [*COMMAND, *arguments], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, "")


def stopped(error: BaseException) -> int | None:
    """What the command exits with when its last step ends like this."""

    def step() -> None:
        raise error

    return exit_code_of(step)


def test_interrupted_end_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A Ctrl-C that comes while the command already ends gives its exit code and no traceback."""
    assert stopped(KeyboardInterrupt()) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "meltingspot: interrupted\n"
    assert stopped(SystemExit(3)) == 3
    assert exit_code_of(lambda: None) is None


@pytest.mark.parametrize("is_ignored", [False, True])
def test_output_that_fails_at_the_end_fails_the_command(
    is_ignored: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is left to be written at the end counts: if that fails, so does the command, also under nohup."""
    if is_ignored:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    path = tmp_path / "output"
    with path.open("w") as output:

        class Full:
            def reconfigure(self, errors: str) -> None: ...

            def write(self, text: str) -> int:
                return len(text)

            def flush(self) -> None:
                raise OSError(28, "No space left on device")

            def fileno(self) -> int:
                return output.fileno()

        monkeypatch.setattr(cli, "app", dict)  # a command that does nothing
        monkeypatch.setattr(sys, "stdout", Full())
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == 1
    assert capfd.readouterr().err == "meltingspot: No space left on device\n"


def test_reader_that_has_left_is_no_failure() -> None:
    """A pipe whose reader has seen enough, as with ``| head``, ends the command without a failure code."""

    def write() -> None:
        raise BrokenPipeError

    assert exit_code_of(write) == 0

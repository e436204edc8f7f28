"""Ctrl-C and SIGTERM: the command ends in good order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from meltingspot_async._cli.running import interrupt_once, run
from meltingspot_async.testing import Delay, FakeMeltingSpot

from ..support.cli import COMMAND, export, ids
from ..support.thorough import some, thorough

SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


def _wait_for(process: subprocess.Popen[str], condition: Callable[[], object]) -> None:
    """Return when the condition holds, which a command that has ended cannot bring about."""
    while not condition():
        assert process.poll() is None
        time.sleep(0.005)


def test_ctrl_c_shows_no_traceback(fake: FakeMeltingSpot) -> None:
    """Ctrl-C ends the command at once, and neither a traceback nor the key is on the screen."""
    fake.fail(*[Delay(60.0)] * 5)
    process = subprocess.Popen(
        [*COMMAND, "participants", "get", "c", "participant-2"], stderr=subprocess.PIPE, text=True
    )
    _wait_for(process, lambda: fake.received)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert fake.api_key not in stderr


HANGS_AT_THE_END = """
import asyncio
from meltingspot_async import MeltingSpotClient

async def hang(client):
    print("cleaning up", flush=True)
    await asyncio.sleep(3600)

MeltingSpotClient.aclose = hang
"""


@thorough
@pytest.mark.parametrize(
    "command",
    some(
        [
            ["participants", "export", "c", "-o", "{out}"],
            ["participants", "get", "c", "participant-2"],
            ["courses", "report", "c"],
        ]
    ),
    ids=" ".join,
)
def test_second_ctrl_c_ends_a_command_that_cleans_up(
    fake: FakeMeltingSpot, tmp_path: Path, command: list[str]
) -> None:
    """Whoever repeats Ctrl-C gets the prompt back at once, with one line and no piece of a traceback."""
    fake.fail(*[Delay(60.0)] * 5)
    start, *options, script = COMMAND
    arguments = [argument.format(out=tmp_path / "out.jsonl") for argument in command]
    process = subprocess.Popen(
        [start, *options, HANGS_AT_THE_END + script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for(process, lambda: fake.received)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "cleaning up\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=15)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "meltingspot: interrupted"
    assert "Traceback" not in stderr
    assert stderr.count("meltingspot:") == 1


def test_hasty_ctrl_c_is_one_line(fake: FakeMeltingSpot) -> None:
    """Ctrl-C pressed many times, whatever the command is doing, ends it with 130 and one line."""
    fake.fail(*[Delay(60.0)] * 5)
    process = subprocess.Popen(
        [*COMMAND, "participants", "get", "c", "participant-2"], stderr=subprocess.PIPE, text=True
    )
    _wait_for(process, lambda: fake.received)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=15)
    assert (process.returncode, stderr) == (130, "meltingspot: interrupted\n")


@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
@pytest.mark.parametrize("is_terminal", [False, True])
def test_second_signal_exits_at_once(
    number: signal.Signals,
    code: int,
    word: str,
    is_terminal: bool,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The second signal ends the process itself, and gives the terminal its cursor back; a third one adds nothing."""
    exits: list[int] = []
    cleaned_up = asyncio.Event()

    def isatty(file: int) -> bool:
        signal.raise_signal(number)
        return is_terminal

    def leave(status: int) -> None:
        exits.append(status)
        cleaned_up.set()

    async def work() -> None:
        signal.raise_signal(number)
        try:
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(number)
            await cleaned_up.wait()

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(os, "isatty", isatty)
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)):
        run(work())
    assert exits == [code]
    assert capfd.readouterr().err == f"{chr(27) + '[?25h' if is_terminal else ''}meltingspot: {word}\n"
    signal.raise_signal(signal.SIGINT)  # ignored from now on: the command says its last words


def test_ctrl_c_outside_of_the_work_counts_once() -> None:
    """Between two pieces of work, the first Ctrl-C is a KeyboardInterrupt, and others are ignored."""
    signal.signal(signal.SIGINT, interrupt_once)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_was_ignored_stays_so() -> None:
    """A command that was started in the background, as by nohup, does not heed Ctrl-C."""

    async def work() -> int:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)
        return 1

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run(work()) == 1
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
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
    _wait_for(process, lambda: len(fake.received) >= 2 and out.read_text())
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == code
    assert f"meltingspot: {word}" in stderr
    assert "Traceback" not in stderr
    assert len(ids(out)) == 100
    assert export("course-1", "-o", out, "--resume").exit_code == 0
    assert len(ids(out)) == len(set(ids(out))) == 150

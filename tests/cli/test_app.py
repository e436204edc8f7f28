"""The command as it is installed: its families of commands, and what it needs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import meltingspot_async._cli
from meltingspot_async._cli import app as cli
from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import COMMANDS


def test_family_commands_are_all_tested() -> None:
    """The tests of tables and JSON know every command that lists or shows something."""
    known = {tuple(command[:2]) for command, _ in COMMANDS}
    known |= {("participants", "export"), ("courses", "report"), ("activities", "export")}
    registered = {
        (name, command.name) for name, group in cli.FAMILIES.items() for command in group.registered_commands
    }
    assert registered == known


def test_help_shows_every_family(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`meltingspot --help` shows every family of commands."""
    monkeypatch.setattr(sys, "argv", ["meltingspot", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*cli.FAMILIES, "demo", "doctor"])


def test_closed_stdout_is_no_error(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command whose output was closed does its work and exits with 0."""
    monkeypatch.setattr(sys, "argv", ["meltingspot", "participants", "list", "c"])
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert len(fake.received) == 1


def test_missing_extra_is_named_on_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where typer is not installed, the command names the extra."""
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit, match=r"pip install 'meltingspot-async\[cli\]'"):
        importlib.reload(meltingspot_async._cli)


def test_missing_extra_is_one_line_on_stderr() -> None:
    """Where typer or rich is missing, the command names the extra and shows no traceback."""
    hidden = "import sys; sys.modules['typer'] = None; from meltingspot_async._cli.app import main; main()"
    result = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr == "The command needs an extra: pip install 'meltingspot-async[cli]'\n"

"""The command as it is installed: its families of commands, and what it needs."""

from __future__ import annotations

import importlib
import runpy
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import meltingspot_async
import meltingspot_async._cli
from meltingspot_async._cli import app as cli
from meltingspot_async._cli import demo
from meltingspot_async._cli.examples import EXAMPLES, example_of
from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import COMMANDS, run


def test_family_commands_are_all_tested() -> None:
    """The tests of tables and JSON know every command that lists or shows something."""
    known = {tuple(command[:2]) for command, _ in COMMANDS}
    known |= {("participants", "export"), ("courses", "report"), ("activities", "export")}
    registered = {
        (name, command.name) for name, group in cli.FAMILIES.items() for command in group.registered_commands
    }
    assert registered == known
    assert set(EXAMPLES) == {f"{family} {command}" for family, command in registered} | {"demo", "doctor"}


def test_help_shows_every_family(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`meltingspot --help` shows every family of commands."""
    monkeypatch.setattr(sys, "argv", ["meltingspot", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*cli.FAMILIES, "demo", "doctor"])


@pytest.mark.parametrize(
    ("path", "option"),
    [*((path, "-h") for path in [*EXAMPLES, "", "courses"]), ("courses", "--help"), ("roles get", "--help")],
)
def test_help_is_the_same_everywhere(path: str, option: str) -> None:
    """-h and --help show the help of every command, which ends with an example of it, and nothing is needed for it."""
    shown = run(*path.split(), option, columns=200)
    assert shown.exit_code == 0
    assert "--verbose" in shown.stdout
    if path in EXAMPLES:
        assert f"Example: {example_of(path)}" in shown.stdout


@pytest.mark.parametrize("path", EXAMPLES)
def test_example_is_a_line_that_the_command_understands(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example has the arguments that its command takes: without a key, that is the first thing missed."""
    monkeypatch.chdir(tmp_path)

    async def nothing(_: object) -> None: ...

    monkeypatch.setattr(demo, "run_demo", nothing)
    shown = run(*shlex.split(example_of(path))[1:])
    assert path == "demo" or shown.stderr.startswith("meltingspot: Set MELTINGSPOT_API_KEY")
    assert shown.exit_code == (0 if path == "demo" else 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["meltingspot_async", "meltingspot_async._cli.app"])
def test_version_is_one_line(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--version prints the version, also as `python -m meltingspot_async`."""
    monkeypatch.setattr(sys, "argv", ["meltingspot", "--version"])
    start = cli.main if module.endswith("app") else partial(runpy.run_module, module, run_name="__main__")
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 0
    assert capsys.readouterr() == (f"meltingspot {meltingspot_async.__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shown_for_each_shell(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--show-completion prints what the shell it is run in needs for completion."""
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    monkeypatch.setattr(sys, "argv", ["meltingspot", "--show-completion"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert f"_MELTINGSPOT_COMPLETE=complete_{shell}" in capsys.readouterr().out


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
    """Where typer or rich is missing, `python -m meltingspot_async` names the extra and shows no traceback."""
    hidden = "import runpy, sys; sys.modules['typer'] = None; runpy.run_module('meltingspot_async')"
    result = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr == "The command needs an extra: pip install 'meltingspot-async[cli]'\n"

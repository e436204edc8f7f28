"""How a command ends."""

from __future__ import annotations

import asyncio
import importlib
import sys

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

import meltingspot_async._cli
from meltingspot_async import QuotaExhaustedError, TransportError, UsageError
from meltingspot_async._cli import app as cli
from meltingspot_async._cli import demo
from meltingspot_async._cli.running import RootGroup, run


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (asyncio.CancelledError(), 143, "terminated"),
        (UsageError("an empty id"), 2, "an empty id"),
        (QuotaExhaustedError(60.0), 3, "used up"),
        (TransportError("refused", "/v1/courses"), 1, "refused"),
    ],
)
def test_every_end_has_its_exit_code(
    error: BaseException, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However the work ends, there is one line on stderr and an exit code of its own."""

    async def work() -> None:
        raise error

    app = typer.Typer(cls=RootGroup)
    app.callback()(lambda: None)
    app.command("work")(lambda: run(work()))
    with pytest.raises(SystemExit) as ended:
        app(["work"])
    assert ended.value.code == code
    told = capsys.readouterr().err
    assert says in told
    assert len(told.splitlines()) == 1


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where typer is not installed, the command names the extra."""
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit, match=r"pip install 'meltingspot-async\[cli\]'"):
        importlib.reload(meltingspot_async._cli)


def test_the_entry_point_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`meltingspot --help` shows every group of commands."""
    monkeypatch.setattr(sys, "argv", ["meltingspot", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*cli.FAMILIES, "demo", "doctor"])


def test_demo_runs_the_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    """`meltingspot demo` is the demonstration, on the terminal."""

    async def short(console: Console) -> None:
        console.print("here it is")

    monkeypatch.setattr(demo, "run_demo", short)
    shown = CliRunner().invoke(cli.app, ["demo"])
    assert (shown.exit_code, shown.stdout) == (0, "here it is\n")

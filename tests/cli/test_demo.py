"""The demonstration: the real client against a fake service."""

from __future__ import annotations

import io
import re
import socket

import pytest
from rich.console import Console

from meltingspot_async._cli import demo
from meltingspot_async._cli.demo import run_demo

from ..support.cli import run
from ..support.clock import now, run_virtual


def test_demo_shows_retry_pause_and_table() -> None:
    """The demo shows a retry, a pause of the whole key, and all participants in a table of 80 columns."""
    screen = io.StringIO()
    run_virtual(run_demo(Console(file=screen, width=80)))
    shown = screen.getvalue()
    assert shown.count("503: again in") == 1
    assert shown.count("every request pauses for") >= 1
    assert len(re.findall("^participant-", shown, re.MULTILINE)) == 24
    assert "24 participants in " in shown
    assert "the 10 of the other program came on top" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_demo_needs_neither_key_nor_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo connects to this machine alone, needs no key, and ends well within 15 s."""
    reached: list[object] = []
    connect = socket.socket.connect

    def noted(connecting: socket.socket, address: tuple[str, int]) -> None:
        reached.append(address[0])
        connect(connecting, address)

    async def timed() -> float:
        started = now()
        await run_demo(Console(file=io.StringIO()))
        return now() - started

    monkeypatch.setattr(socket.socket, "connect", noted)
    assert run_virtual(timed()) < 15
    assert set(reached) == {"127.0.0.1"}


def test_demo_prints_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`meltingspot demo` runs the demonstration on the terminal."""

    async def short(console: Console) -> None:
        console.print("here it is")

    monkeypatch.setattr(demo, "run_demo", short)
    shown = run("demo")
    assert (shown.exit_code, shown.stdout) == (0, "here it is\n")

"""`--page-size`, and MELTINGSPOT_PAGE_SIZE: how many items a command asks for at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import COMMANDS, run

LISTS = [command for command, _ in COMMANDS if command[1] != "get"]


@pytest.mark.parametrize("command", [*LISTS, ["courses", "report", "c"]], ids=lambda c: " ".join(c[:2]))
def test_every_command_that_lists_takes_a_page_size(spot: FakeMeltingSpot, command: list[str]) -> None:
    """Each command that reads a list asks for as many items at once as --page-size says."""
    run(*command, "--page-size", "7")
    assert spot.received[0].query["limit"] == "7"


def test_option_comes_before_the_environment(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MELTINGSPOT_PAGE_SIZE counts where --page-size is not given, and a wrong one is refused."""
    spot.seed("c", 3)
    monkeypatch.setenv("MELTINGSPOT_PAGE_SIZE", "70")
    run("participants", "export", "c", "-o", tmp_path / "a.jsonl", "--page-size", "500")
    run("participants", "export", "c", "-o", tmp_path / "b.jsonl")
    assert [request.query["limit"] for request in spot.received] == ["500", "70"]
    monkeypatch.setenv("MELTINGSPOT_PAGE_SIZE", "many")
    refused = run("courses", "list")
    assert refused.exit_code == 2
    assert "MELTINGSPOT_PAGE_SIZE must be a whole number" in refused.stderr

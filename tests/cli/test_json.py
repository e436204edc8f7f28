"""What --json prints."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from meltingspot_async.testing import FakeMeltingSpot

from ..contract.contract import SCHEMAS
from ..support.cli import COMMAND, COMMANDS, run


def holds(shown: Any, sent: Any) -> bool:
    """Whether what is shown is what was sent, with null for what was absent."""
    return {**shown, **sent} == shown if isinstance(sent, dict) else bool(shown == sent)


@pytest.mark.parametrize(("command", "schema"), COMMANDS, ids=[" ".join(c[:2]) for c, _ in COMMANDS])
def test_json_holds_every_field(spot: FakeMeltingSpot, command: list[str], schema: str) -> None:
    """With --json, an item or each line of a list holds every field that the service sent, under its own name."""
    shown = run(*command, "--json")
    assert shown.exit_code == 0
    items = (
        [json.loads(shown.stdout)]
        if command[1] == "get"
        else list(map(json.loads, shown.stdout.splitlines()))
    )
    sent = SCHEMAS[schema]["examples"]
    assert len(items) == (1 if command[1] == "get" else len(sent))
    for item, example in zip(items, sent, strict=False):
        kept = {name: value for name, value in example.items() if value not in ({}, None) and name in item}
        assert kept.keys() == {name for name, value in example.items() if value not in ({}, None)}
        assert all(
            holds(item[name], value) for name, value in kept.items() if not name.endswith(("At", "Date"))
        )


def test_json_is_ascii(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is ASCII, so that no encoding of the terminal can change a name in it."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    command = [*COMMAND, "participants", "get", "c", "participant-2", "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout)["spotMemberFirstname"] == "Chlo\N{LATIN SMALL LETTER E WITH ACUTE}"

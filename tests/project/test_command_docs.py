"""README.md and docs/command.md are in step with the command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meltingspot_async._cli.app import EPILOG
from meltingspot_async._cli.examples import EXAMPLES, example_of
from meltingspot_async._cli.logs import LEVELS
from meltingspot_async._cli.running import ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "command.md").read_text()


def test_page_has_every_command_with_its_example() -> None:
    """The table of docs/command.md has the commands that exist, each with the example of its help."""
    rows = re.findall(r"^\| `([a-z -]+)` \| [^|]+ \| `(meltingspot [^`]+)` \|$", PAGE, re.MULTILINE)
    assert rows == [(path, example_of(path)) for path in EXAMPLES]


@pytest.mark.parametrize("text", [README, PAGE, EPILOG], ids=["readme", "page", "help"])
def test_every_exit_code_is_documented(text: str) -> None:
    """Every exit code stands in README.md, in docs/command.md and in the help."""
    assert all(re.search(rf"\b{code.value}\b", text) for code in ExitCode)


def test_every_variable_is_documented() -> None:
    """Each environment variable that the package reads has a row in docs/command.md."""
    source = "".join(path.read_text() for path in (ROOT / "meltingspot_async").rglob("*.py"))
    read = set(re.findall(r'"(MELTINGSPOT_[A-Z_]+)"', source))
    assert read == set(re.findall(r"^\| `(MELTINGSPOT_\w+)` \|", PAGE, re.MULTILINE))
    assert all(f"`{level}`" in PAGE for level in LEVELS)

"""The examples of README.md and the documentation run as they are printed there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import meltingspot_async
from meltingspot_async import MeltingSpotClient
from meltingspot_async.resources._base import Resource
from meltingspot_async.testing import FakeMeltingSpot, make_activity

from ..contract.contract import fill

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)\n```", re.DOTALL)
EXAMPLES = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, code in enumerate(PYTHON.findall(page.read_text()))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_run(code: str, fake: FakeMeltingSpot, capsys: pytest.CaptureFixture[str]) -> None:
    """Every Python example of README.md and docs runs to its end, against the fake service."""
    if "from pydantic" in code:
        pytest.importorskip("pydantic", reason="only the group integrations has it")
    fake.seed("course-1", 25)
    fill(fake)
    fake.add_to("/v1/activities~export", make_activity(5))
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})
    assert "later, perhaps" not in capsys.readouterr().out


def test_first_example_prints_what_the_readme_shows(
    fake: FakeMeltingSpot, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first example prints when the participant completed the course."""
    fake.seed("course-1", 25)
    exec(compile(PYTHON.findall(README)[0], "example", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "participant-2 completed the course on 2026-01-14 23:00:00+00:00\n"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """README.md has two commands of one line each, and .ci/run runs the second to the letter."""
    demo, tests = SHELL.findall(README)
    assert "meltingspot demo" in demo
    assert "\n" not in demo + tests
    assert tests in (ROOT / ".ci" / "run").read_text().splitlines()


def test_readme_reads_the_same_anywhere() -> None:
    """README.md links to whole addresses only, as it is also shown where its folder is not; pages it names exist."""
    assert all(link.startswith("https://") for link in re.findall(r"\]\(([^)]*)\)", README))
    named = re.findall(r"docs/\w+\.md", README)
    assert named
    assert all((ROOT / name).is_file() for name in named)


def test_error_table_has_every_exception() -> None:
    """Every exception stands in README.md's table."""
    table = set(re.findall("^\\| (?:\N{EN DASH} )?`(\\w+)`", README, re.MULTILINE))
    errors = {name for name in meltingspot_async.__all__ if name.endswith("Error")}
    assert table == errors - {"MeltingSpotError"}


def test_every_resource_is_in_the_overview() -> None:
    """Each resource of a client has a row in docs/resources.md."""
    overview = (ROOT / "docs" / "resources.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", overview, re.MULTILINE))
    client = MeltingSpotClient("key")
    assert listed == {name for name, value in vars(client).items() if isinstance(value, Resource)}


def test_only_three_packages_are_needed_at_run_time() -> None:
    """aiohttp, attrs and cattrs are required, and everything else is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {re.split(r"[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert required == {"aiohttp", "attrs", "cattrs"}
    assert set(project["optional-dependencies"]) == {"cli", "otel", "redis", "speed"}

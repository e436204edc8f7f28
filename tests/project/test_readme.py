"""README.md and the tables of the documentation say what is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import meltingspot_async
from meltingspot_async import MeltingSpotClient
from meltingspot_async.resources._base import Resource

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHELL = re.compile(r"```sh\n(.*?)\n```", re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """README.md has two commands of one line each, and .ci/run runs the second to the letter."""
    demo, tests, *_ = SHELL.findall(README)
    assert "meltingspot demo" in demo
    assert "\n" not in demo + tests
    assert tests in (ROOT / ".ci" / "run").read_text().splitlines()


def test_links_lead_to_files() -> None:
    """Every relative link of README.md is right in a checkout."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(links) > 10
    assert all((ROOT / link).is_file() for link in links)


def test_readme_is_short() -> None:
    """README.md fits on three screens; the rest is on the site."""
    assert README.count("\n") <= 120


def test_error_table_has_every_exception() -> None:
    """Every exception stands in the table of docs/failures.md."""
    page = (ROOT / "docs" / "failures.md").read_text()
    table = set(re.findall("^\\| (?:\N{EN DASH} )?`(\\w+)`", page, re.MULTILINE))
    errors = {name for name in meltingspot_async.__all__ if name.endswith("Error")}
    assert table == errors - {"MeltingSpotError"}


def test_every_resource_is_in_the_overview() -> None:
    """Each resource of a client has a row in docs/resources.md."""
    overview = (ROOT / "docs" / "resources.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", overview, re.MULTILINE))
    client = MeltingSpotClient("key")
    assert listed == {name for name in dir(client) if isinstance(getattr(client, name), Resource)}


def test_only_three_packages_are_needed_at_run_time() -> None:
    """aiohttp, attrs and cattrs are required, and everything else is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {re.split(r"[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert required == {"aiohttp", "attrs", "cattrs"}
    assert set(project["optional-dependencies"]) == {"cli", "otel", "redis", "speed"}

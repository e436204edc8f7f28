"""Whatever stands in README.md, the documentation and the docstrings as code does what the text says."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import pytest

from meltingspot_async import MeltingSpotClient
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_activity, make_group

from ..contract.contract import fill
from .collecting import MODULES, PAGES, ROOT, Block, blocks_of, examples_of
from .reader import Reader

FOREIGN = ["opentelemetry", "pydantic"]
"""Packages that not every run of the suite has."""

WITH_BLOCKS = [page for page in PAGES if blocks_of(page)]
EXAMPLES = [example for module in MODULES for example in examples_of(module)]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def skip_without(blocks: list[Block]) -> None:
    for package in FOREIGN:
        if any(f"from {package}" in block.code for block in blocks) and not importlib.util.find_spec(package):
            pytest.skip(f"{package} is not installed")


@pytest.fixture
def filled(fake: FakeMeltingSpot) -> FakeMeltingSpot:
    """The service that the examples speak of."""
    fake.seed("course-1", 25)
    fill(fake)
    fake.add(make_group(id="group-1"))
    fake.add_to("/v1/activities~export", make_activity(5))
    fake.fail(Answer(200, body=b"[]"), path="/v1/surveys", times=None)
    return fake


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=name_of)
def test_page_can_be_followed(
    page: Path, filled: FakeMeltingSpot, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block of a page runs, in order and in one folder, and prints what the page shows."""
    blocks = blocks_of(page)
    skip_without(blocks)
    Reader(pytester, monkeypatch).follow(blocks)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_docstring_example_runs(example: Block, filled: FakeMeltingSpot) -> None:
    """Every example of a docstring runs with a client."""
    skip_without([example])
    names: dict[str, object] = {}
    exec(compile(example.code, example.place, "exec"), names)

    async def main() -> None:
        async with MeltingSpotClient(filled.api_key, base_url=filled.base_url) as client:
            await names["example"](client, filled.api_key)  # type: ignore[operator]

    asyncio.run(main())


def test_blocks_that_do_not_run_are_few_and_say_why() -> None:
    """Blocks are code that runs, or what is printed; the few that cannot run have a reason."""
    blocks = [block for page in PAGES for block in blocks_of(page)]
    assert {block.language for block in blocks} <= {"python", "sh", "text", "toml"}
    assert sum(block.not_run is not None for block in blocks) <= 8
    assert not any(block.not_run for block in blocks if block.language == "python")


def test_code_is_as_wide_as_the_site() -> None:
    """No line of code is longer than what a screen of 1366 pixels shows beside the menus."""
    files = [path.read_text("utf-8") for path in (ROOT / "docs" / "examples").glob("*.py")]
    code = [*files, *(block.code for page in PAGES for block in blocks_of(page) if not block.not_run)]
    assert [line for text in code for line in text.splitlines() if len(line) > 88] == []

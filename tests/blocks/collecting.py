"""Which blocks there are.

A block runs as it stands in the text. One that cannot run says why, in the line above it: ``<!-- not run: ... -->``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted((ROOT / "meltingspot_async").rglob("*.py"))

_FENCED = re.compile(r"^(?:<!-- not run: (.+?) -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"::\n\n((?:    .*\n|\n)+)")
_FILE = re.compile(r"# (\w+\.py)\n")

_COROUTINE = """\
# pyright: basic, reportWildcardImportFromLibrary=false
import aiohttp

from meltingspot_async import *
from meltingspot_async.models import *
from meltingspot_async.otel import *
from meltingspot_async.testing import *


async def example(client: MeltingSpotClient, api_key: str) -> None:
"""


@attrs.frozen
class Block:
    """A block of a text."""

    place: str
    """File and line."""
    language: str
    code: str
    not_run: str | None = None
    """Why it is not run, if it is not."""

    @property
    def file(self) -> str | None:
        """The name by which a reader saves it, which its first line is."""
        named = _FILE.match(self.code) if self.language == "python" else None
        return named and named[1]

    @property
    def has_tests(self) -> bool:
        return self.language == "python" and "def test_" in self.code


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(_place(page, text.count("\n", 0, found.start(2)) + 1), found[2], found[3], found[1])
        for found in _FENCED.finditer(text)
    ]


def examples_of(module: Path) -> list[Block]:
    """The examples in the docstrings of a module: each is the body of a coroutine that has a ``client``."""
    text = module.read_text("utf-8")
    if not _INDENTED.search(text):  # most have none: to parse them all takes time at each start of a worker
        return []
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        Block(_place(module, node.body[0].lineno), "python", _COROUTINE + textwrap.indent(code, "    "))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented)
        for code in _indented(ast.get_docstring(node) or "")
    ]


def _indented(docstring: str) -> Iterator[str]:
    for found in _INDENTED.finditer(docstring + "\n"):
        yield textwrap.dedent(found[1]).strip() + "\n"


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{line}"

"""Somebody who follows a page from top to bottom, on a machine with a fake service."""

from __future__ import annotations

import io
import re
import runpy
import shlex
import sys
from contextlib import ExitStack, redirect_stdout

import pytest

from meltingspot_async.testing import FakeMeltingSpot
from meltingspot_async.testing.serving import introduction, prepared

from ..support.cli import run
from .collecting import Block

PYTEST = [
    *("-W", "error"),
    *("-o", "asyncio_default_fixture_loop_scope=function"),
    *("-p", "_meltingspot_async_pytest"),
]
"""pytest with its plugins as they are by default."""

SERVICE = {"MELTINGSPOT_API_KEY", "MELTINGSPOT_BASE_URL"}
"""What leads to the service: always the fake one."""


class Reader:
    """Types what stands in a page, and compares what is printed."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self._monkeypatch = monkeypatch
        self._folder = pytester.path
        self._served = ExitStack()
        self._tests: list[str] = []
        self._printed = ""
        monkeypatch.syspath_prepend(self._folder)

    def follow(self, blocks: list[Block]) -> None:
        """Do what the blocks say, one after the other; the tests among them are run at the end, all at once."""
        with self._served:
            for block in blocks:
                if block.not_run:
                    continue
                try:
                    getattr(self, f"_{block.language}")(block)
                except Exception as error:
                    error.add_note(f"in {block.place}")
                    raise
            if self._tests:
                self._pytest(*self._tests)

    def _python(self, block: Block) -> None:
        if block.has_tests or block.file:
            name = block.file or f"test_{len(self._tests)}.py"
            (self._folder / name).write_text(block.code, "utf-8")
            if not block.file:
                self._tests.append(name)
            return
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(block.code, block.place, "exec"), {"__name__": "__main__"})
        self._printed = printed.getvalue()

    def _text(self, block: Block) -> None:
        """What the block before it prints; three dots stand for anything, and times for the author's."""
        wanted = ".*".join(re.escape(part) for part in _comparable(block.code).split("..."))
        printed = _comparable(self._printed)
        assert re.fullmatch(wanted, printed, re.DOTALL), f"printed:\n{printed}"

    def _toml(self, block: Block) -> None:
        """Is for a program that has tests of its own."""

    def _sh(self, block: Block) -> None:
        self._printed = ""
        for line in block.code.splitlines():
            match shlex.split(line, comments=True):
                case []:
                    pass
                case ["export", *settings]:
                    for name, _, value in (setting.partition("=") for setting in settings):
                        if name not in SERVICE:
                            self._monkeypatch.setenv(name, value)
                case ["python", "-m", "meltingspot_async.testing", *arguments]:
                    self._serve(arguments)
                case ["python", script, *arguments]:
                    self._script(script, arguments)
                case ["meltingspot", *arguments]:
                    ended = run(*arguments)
                    assert ended.exit_code == 0, ended.output
                    self._printed += ended.output
                case ["pytest", *arguments]:
                    self._pytest(*arguments)
                case words:
                    raise AssertionError(f"{words[0]}: nobody here knows how to run this")

    def _serve(self, arguments: list[str]) -> None:
        """Lead to a fake as the arguments say, on whichever port is free."""
        _, fake = prepared([*arguments, "--port", "0"])
        self._served.enter_context(fake)
        self._lead_to(fake)
        self._printed = introduction(fake).replace(fake.base_url, "http://127.0.0.1:8000")

    def _lead_to(self, fake: FakeMeltingSpot) -> None:
        self._monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
        self._monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake.base_url)

    def _script(self, script: str, arguments: list[str]) -> None:
        self._monkeypatch.setattr(sys, "argv", [script, *arguments])
        with redirect_stdout(io.StringIO()) as printed:
            runpy.run_path(str(self._folder / script), run_name="__main__")
        for path in self._folder.glob("*.py"):
            sys.modules.pop(path.stem, None)
        self._printed = printed.getvalue()

    def _pytest(self, *files: str) -> None:
        tests = sum(len(re.findall(r"def test_", (self._folder / file).read_text("utf-8"))) for file in files)
        ended = self._pytester.runpytest_inprocess(*PYTEST, *files)
        ended.assert_outcomes(passed=tests)
        self._printed = "\n".join(ended.outlines)


def _comparable(text: str) -> str:
    """Without blanks at the ends of lines, and without times, which differ from one run to the next."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\d+:\d\d:\d\d\.\d+|\d+\.\d+(?= s\b)", "0", lines)

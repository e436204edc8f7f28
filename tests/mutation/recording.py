"""Which tests run each line of the package, and how long each takes: one run of the suite tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

import attrs
from coverage import CoverageData

_SETTINGS = "[run]\nsource = meltingspot_async\nrelative_files = true\n"


@attrs.frozen
class Recording:
    """What a run of the suite showed."""

    seconds: Mapping[str, float]
    """How long each test took that passed."""
    _lines: CoverageData

    def tests_of(self, module: str, line: int, room: tuple[str, ...], longest: float) -> list[str]:
        """The tests to try a change of a line with: those of its room first, and the fastest of them before others.

        A line that runs when its module is imported belongs to no test: those of its room are tried.

        :param room: how the names of the tests of the room begin.
        :param longest: seconds of tests after which there are no more: half of the suite runs some lines.
        """
        contexts = self._lines.contexts_by_lineno(module)
        first = max(
            (known for known in contexts if known <= line), default=0
        )  # of a statement of several lines
        running = {context.rpartition("|")[0] for context in contexts.get(first, [])} & self.seconds.keys()
        chosen = running or {test for test in self.seconds if test.startswith(room)}
        ordered = sorted(chosen, key=lambda test: (not test.startswith(room), self.seconds[test]))
        begins = accumulate((self.seconds[test] for test in ordered), initial=0.0)
        return [test for test, begin in zip(ordered, begins, strict=False) if begin < longest]


def recording(root: Path, folder: Path, jobs: int) -> Recording:
    """The recording in a folder; it is made, by a run of the suite, if there is none."""
    passed, lines = folder / "passed.json", folder / "coverage"
    if not passed.exists():
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "coveragerc"
        settings.write_text(_SETTINGS)
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-n", str(jobs)),
                *("-p", "tests.mutation.passed"),
                *("--cov", f"--cov-config={settings}", "--cov-context=test", "--cov-report="),
            ],
            cwd=root,
            env={
                **os.environ,
                "PYTHONPATH": str(root),
                "COVERAGE_FILE": str(lines),
                "PASSED_TESTS": str(passed),
            },
            check=False,
        )
    data = CoverageData(str(lines))
    data.read()
    return Recording(json.loads(passed.read_text()), data)

"""A plugin of pytest: writes which tests passed, and in how many seconds, to the file that ``PASSED_TESTS`` names."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

_seconds: defaultdict[str, float] = defaultdict(float)
_others: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add what a test, its setup or its teardown took."""
    _seconds[report.nodeid] += report.duration
    if not report.passed:
        _others.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write, in the one process of pytest-xdist that heard of all tests."""
    if not hasattr(session.config, "workerinput"):
        passed = {test: seconds for test, seconds in _seconds.items() if test not in _others}
        Path(os.environ["PASSED_TESTS"]).write_text(json.dumps(passed))

"""The page on testing: its examples are tests, and pass as they are printed there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
EXAMPLES: list[str] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_examples_pass(pytester: pytest.Pytester) -> None:
    """Every example of docs/testing.md is a file of tests that passes, with pytest-asyncio as it is by default."""
    pytester.makepyfile(**{f"test_{number}": code for number, code in enumerate(EXAMPLES)})
    options = [
        "-W",
        "error",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        "-p",
        "_meltingspot_async_pytest",
    ]
    tests = sum(len(re.findall(r"def test_", code)) for code in EXAMPLES)
    assert all("def test_" in code for code in EXAMPLES)
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=tests)

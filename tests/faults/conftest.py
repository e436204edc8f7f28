"""Which cells of the matrix are tried, and how: with ``--faults=all`` all of them, in every way."""

from __future__ import annotations

import math
from itertools import product

import pytest

from .catalogue import ALL, SAMPLE, Cell
from .loops import LOOPS
from .trying import Trial

FAULTY = {"always": math.inf, "once": 1.0}
"""How many requests have the fault."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each cell: for a fault that lasts and one that ends, each loop, and each reader of JSON."""
    if "trial" not in metafunc.fixturenames:
        return
    is_all = metafunc.config.getoption("--faults") == "all"
    cells, loops = (ALL, LOOPS) if is_all else (SAMPLE, {"asyncio": LOOPS["asyncio"]})
    tried = [
        pytest.param(
            Trial(cell, LOOPS[loop], FAULTY[faulty]), reader, id=f"{cell}, {faulty}, {loop}, {reader}"
        )
        for cell, faulty, loop, reader in product(
            cells, FAULTY, loops, ("json", "orjson") if is_all else ("as installed",)
        )
        if _can_be(cell, faulty, loop)
    ]
    metafunc.parametrize(("trial", "reader"), tried)


def _can_be(cell: Cell, faulty: str, loop: str) -> bool:
    """Whether there is such a thing: the command has a loop of its own, and a wrong certificate stays wrong."""
    return (loop == "asyncio" or cell.way != "command") and (faulty == "always" or cell.fault.can_end)

"""Which cells of the matrix are tried, and how: with ``--faults=all`` all of them, in every way."""

from __future__ import annotations

import math
from itertools import cycle, product

import pytest

from .catalogue import ALL, SAMPLE, Cell
from .loops import LOOPS, LoopName
from .trying import Trial

FAULTY = {"always": math.inf, "once": 1.0}
"""How many requests have the fault."""

SAMPLE_HOWS: tuple[tuple[LoopName, str], ...] = (("asyncio", "as installed"),)
ALL_HOWS: tuple[tuple[LoopName, str], ...] = (
    ("asyncio", "json"),
    ("asyncio", "orjson"),
    ("uvloop", "orjson"),
)
"""The loop, and what reads JSON. How JSON is read does not depend on the loop."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each cell: for a fault that lasts and one that ends, on each loop, with each reader of JSON."""
    if "trial" not in metafunc.fixturenames:
        return
    if metafunc.config.getoption("--faults") == "all":
        how = product(product(ALL, FAULTY), ALL_HOWS)
    else:
        how = product(zip(SAMPLE, cycle(FAULTY), strict=False), SAMPLE_HOWS)
    tried = [
        pytest.param(
            Trial(cell, LOOPS[loop], FAULTY[faulty]), reader, id=f"{cell}, {faulty}, {loop}, {reader}"
        )
        for (cell, faulty), (loop, reader) in how
        if _can_be(cell, faulty, loop)
    ]
    metafunc.parametrize(("trial", "reader"), tried)


def _can_be(cell: Cell, faulty: str, loop: str) -> bool:
    """Whether there is such a thing: the command has a loop of its own, and a wrong certificate stays wrong."""
    return (loop == "asyncio" or cell.way != "command") and (faulty == "always" or cell.fault.can_end)

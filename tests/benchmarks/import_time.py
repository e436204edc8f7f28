"""What importing the package costs the processor once aiohttp is imported, in fresh interpreters."""

from __future__ import annotations

import statistics
import subprocess
import sys

from .measure import Row, ratios

MEASURED = (
    "import time{before}; begun = time.process_time(); import {module}; print(time.process_time() - begun)"
)


def milliseconds(module: str, before: str = "") -> float:
    """Processor time of one import in an interpreter of its own."""
    script = MEASURED.format(module=module, before=before)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(run.stdout) * 1_000


def rows(quick: bool) -> list[Row]:
    """Ours over aiohttp, beside aiohttp itself."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(3 if quick else 15):
        ours.append(milliseconds("meltingspot_async", before=", aiohttp"))
        theirs.append(milliseconds("aiohttp"))
    middle = statistics.median(ratios(ours, theirs))
    return [
        Row(
            "Import, once aiohttp is imported",
            statistics.median(ours),
            "import aiohttp",
            statistics.median(theirs),
            "ms",
            middle,
        )
    ]

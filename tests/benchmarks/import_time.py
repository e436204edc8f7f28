"""What importing the package costs the processor once aiohttp is imported, in fresh interpreters with warm bytecode."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from .measure import Row, ratios

MEASURED = "import time{before}; begun = time.process_time(); {statement}; print(time.process_time() - begun)"

AIOHTTP = "import aiohttp"

CLIENT = "from meltingspot_async import MeltingSpotClient"

OURS = {
    "The package, once aiohttp is imported": "import meltingspot_async",
    "Its client, once aiohttp is imported": CLIENT,
    "Its client with one resource": f"{CLIENT}; MeltingSpotClient('key').course_participants",
}
"""What a program does at first, beginning with the least."""


def milliseconds(statement: str, before: str = "") -> float:
    """Processor time of a statement in an interpreter of its own, which keeps its bytecode whatever ours does."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURED.format(statement=statement, before=before)],
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout) * 1_000


def rows(quick: bool) -> list[Row]:
    """Ours over aiohttp, beside aiohttp itself. The first round, which may have to compile, does not count."""
    ours: dict[str, list[float]] = {title: [] for title in OURS}
    theirs: list[float] = []
    for _ in range(1 + (3 if quick else 25)):
        for title, statement in OURS.items():
            ours[title].append(milliseconds(statement, before=", aiohttp"))
        theirs.append(milliseconds(AIOHTTP))
    return [
        Row(
            title,
            statistics.median(took[1:]),
            AIOHTTP,
            statistics.median(theirs[1:]),
            "ms",
            statistics.median(ratios(took[1:], theirs[1:])),
        )
        for title, took in ours.items()
    ]

"""``python -m tests.mutation``: a sample of mutants, which tests notice them, and which ones live.

A mutant runs in a copy of the repository: first the tests of its room, then, if those pass, the whole suite. It is
dead when a test fails or when the tests do not end in ten minutes. The sample is the same for the same seed and
sources. Survivors that are known, each with its reason, stand in ``survivors.toml``; the exit code is 1 if fewer than
``--at-least`` per cent of the sample are dead or if a survivor is not known there.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from .mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
TESTS_OF_ROOMS = {
    "_http": ["tests/http", "tests/test_client.py", "tests/resources"],
    "_paging": ["tests/paging", "tests/resources"],
    "rate_limit": ["tests/rate_limit"],
    "redis_limit": ["tests/redis_limit", "tests/rate_limit"],
    "sqlite_limit": ["tests/sqlite_limit", "tests/rate_limit"],
    "models/_converter.py": ["tests/models"],
    "_cli/files": ["tests/cli"],
}
"""What is changed, and the tests that are asked first."""
LONGEST = 600.0
"""Seconds after which tests that do not end count as failed."""


def main(arguments: Sequence[str]) -> int:
    """Run a sample and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Would the tests notice?")
    parser.add_argument("--sample", type=int, default=300, help="mutants to try (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (default: %(default)s)")
    parser.add_argument("--at-least", type=float, default=90.0, help="per cent (default: %(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="at the same time (default: %(default)s)"
    )
    parser.add_argument(
        "rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(TESTS_OF_ROOMS)} (default: all)"
    )
    chosen = parser.parse_args(arguments)
    every = [
        (mutant, tests) for room in chosen.rooms or TESTS_OF_ROOMS for mutant, tests in _mutants_of(room)
    ]
    sample = random.Random(chosen.seed).sample(every, min(chosen.sample, len(every)))
    print(f"{len(sample)} of {len(every)} mutants, seed {chosen.seed}", flush=True)
    alive: list[Mutant] = []
    with _copies(chosen.jobs) as copies, ThreadPoolExecutor(chosen.jobs) as pool:
        trials = [
            (mutant, pool.submit(_is_noticed, copies, mutant.module, mutant.source(), tests))
            for mutant, tests in sample
        ]
        for number, (mutant, trial) in enumerate(trials, 1):
            if not trial.result():
                alive.append(mutant)
                print(f"{number:4} alive, line {mutant.line}: {mutant.name}", flush=True)
    return _verdict(len(sample), alive, chosen.at_least)


def _mutants_of(room: str) -> Iterator[tuple[Mutant, list[str]]]:
    place = ROOT / "meltingspot_async" / room
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        for mutant in mutants(path.relative_to(ROOT).as_posix(), path.read_text()):
            yield mutant, TESTS_OF_ROOMS[room]


@contextmanager
def _copies(jobs: int) -> Generator[SimpleQueue[Path]]:
    """Copies of the repository, one for each job, to be taken and put back."""
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            copy = Path(folder, str(job))
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"))
            copies.put(copy)
        yield copies


def _is_noticed(copies: SimpleQueue[Path], module: str, source: str, tests: list[str]) -> bool:
    copy = copies.get()
    changed = copy / module
    unchanged = changed.read_bytes()
    changed.write_text(source)
    try:
        return not _pass(copy, tests) or not _pass(copy, ["tests"])
    finally:
        changed.write_bytes(unchanged)
        copies.put(copy)


def _pass(copy: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:xdist", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            return running.wait(LONGEST) == 0
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            return False


def _verdict(tried: int, alive: list[Mutant], at_least: float) -> int:
    known: dict[str, str] = tomllib.loads(SURVIVORS.read_text())
    dead = 100.0 * (tried - len(alive)) / tried
    strangers = [mutant for mutant in alive if mutant.name not in known]
    print(f"{tried - len(alive)} of {tried} are dead: {dead:.1f} %")
    for mutant in strangers:
        print(f"not in {SURVIVORS.name}: {mutant.name}")
    return int(dead < at_least or bool(strangers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m tests.mutation``: a sample of mutants, and which of them no test notices.

First the suite runs once, and coverage notes which tests run each line (``recording``; ``--recording FOLDER`` keeps
the notes for another run on the same sources). Then each mutant is tried, in a copy of the repository, with the tests
that run its line; a line that runs at import only, with the tests of its room. A mutant is dead when one of them fails
or they do not end. The sample is the same for the same seed and sources.

The exit code is 1 if fewer than ``--at-least`` per cent of the sample are dead, or if one lives whose reason does not
stand in ``survivors.toml``. What a run printed can be given to ``--among``, to try the survivors again.
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
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from .mutants import Mutant, mutants
from .recording import Recording, recording

ROOT = Path(__file__).parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
TESTS_OF_ROOMS = {
    "_http": ("tests/http/", "tests/test_client.py", "tests/resources/", "tests/test_figures.py"),
    "_paging": ("tests/paging/", "tests/resources/", "tests/test_figures.py"),
    "rate_limit": ("tests/rate_limit/", "tests/redis_limit/", "tests/test_figures.py"),
    "redis_limit": ("tests/redis_limit/", "tests/rate_limit/", "tests/test_figures.py"),
    "sqlite_limit": ("tests/sqlite_limit/", "tests/rate_limit/", "tests/test_figures.py"),
    "models/_converter.py": ("tests/models/",),
    "_cli/files": ("tests/cli/",),
}
"""What is changed, and how the names of its own tests begin."""
FIRST_TESTS = 30
"""Tests that are tried first: they notice most mutants, and pytest need not import the modules of all others."""


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
        "--longest", type=float, default=30.0, help="seconds of tests for one mutant (default: %(default)s)"
    )
    parser.add_argument("--recording", type=Path, metavar="FOLDER", help="which tests run each line")
    parser.add_argument("--among", type=Path, metavar="FILE", help="only mutants whose names stand there")
    parser.add_argument(
        "rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(TESTS_OF_ROOMS)} (default: all)"
    )
    chosen = parser.parse_args(arguments)
    every = [(mutant, room) for room in chosen.rooms or TESTS_OF_ROOMS for mutant in _mutants_of(room)]
    if chosen.among is not None:
        names = chosen.among.read_text()
        every = [(mutant, room) for mutant, room in every if mutant.name in names]
    sample = random.Random(chosen.seed).sample(every, min(chosen.sample, len(every)))
    print(f"{len(sample)} of {len(every)} mutants, seed {chosen.seed}", flush=True)
    with _copies(chosen.jobs) as copies:
        recorded = recording(copies[0], chosen.recording or copies[0] / "recording", chosen.jobs)
        alive = list(_survivors(sample, copies, recorded, chosen.longest))
    return _verdict(len(sample), alive, chosen.at_least)


def _mutants_of(room: str) -> Iterator[Mutant]:
    place = ROOT / "meltingspot_async" / room
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        yield from mutants(path.relative_to(ROOT).as_posix(), path.read_text())


@contextmanager
def _copies(jobs: int) -> Generator[list[Path]]:
    """Copies of the repository, one for each job."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder, str(job)) for job in range(jobs)]
        for copy in copies:
            shutil.copytree(
                ROOT, copy, ignore=shutil.ignore_patterns(".git", ".nox", ".venv", "__pycache__", "_build")
            )
        yield copies


def _survivors(
    sample: Sequence[tuple[Mutant, str]], copies: Sequence[Path], recorded: Recording, longest: float
) -> Iterator[Mutant]:
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        if _status(copy, [*recorded.seconds], 600.0, "--collect-only"):
            raise SystemExit("The tests that were recorded are not those of the repository.")
        free.put(copy)

    def is_noticed(mutant: Mutant, room: str) -> bool:
        tests = recorded.tests_of(mutant.module, mutant.line, TESTS_OF_ROOMS[room], longest)
        copy = free.get()
        changed = copy / mutant.module
        unchanged = changed.read_bytes()
        changed.write_text(mutant.source())
        try:
            return any(
                some and _status(copy, some, 60.0 + 2.0 * sum(recorded.seconds[test] for test in some))
                for some in (tests[:FIRST_TESTS], tests[FIRST_TESTS:])
            )
        finally:
            changed.write_bytes(unchanged)
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        trials = {pool.submit(is_noticed, mutant, room): mutant for mutant, room in sample}
        for number, trial in enumerate(as_completed(trials), 1):
            if not trial.result():
                mutant = trials[trial]
                print(f"{number:4} alive, line {mutant.line}: {mutant.name}", flush=True)
                yield mutant


def _status(copy: Path, tests: Sequence[str], longest: float, *options: str) -> int:
    """The exit code of pytest; not 0 either if it does not end in so many seconds."""
    (copy / "tests.txt").write_text("\n".join(tests))
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x"),
            *("-p", "no:randomly", "-p", "no:xdist", *options, "@tests.txt"),
        ],
        cwd=copy,
        # The bytecode of a mutant must not be taken for that of the next one.
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            return running.wait(longest)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            return running.wait()


def _verdict(tried: int, alive: Sequence[Mutant], at_least: float) -> int:
    known: dict[str, str] = tomllib.loads(SURVIVORS.read_text())
    dead = 100.0 * (tried - len(alive)) / tried
    strangers = [mutant for mutant in alive if mutant.name not in known]
    print(f"{tried - len(alive)} of {tried} are dead: {dead:.1f} %")
    for mutant in strangers:
        print(f"not in {SURVIVORS.name}: {mutant.name}")
    return int(dead < at_least or bool(strangers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

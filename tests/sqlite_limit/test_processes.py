"""Real processes with one file, some of which are killed."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from meltingspot_async.rate_limit._protocol import GIVEN_UP_MARGIN
from meltingspot_async.sqlite_limit._clock import Reading, read_clocks
from meltingspot_async.sqlite_limit._file import LimitFile

from ..support.limit_file import InlineStore
from ..support.limit_process import HELD, LONG, REQUESTS, SHORT, limiter_in
from ..support.limiters import hold_at_once, most_in_a_window, run_real

LEASE = 30.0


def started(role: str, path: Path) -> subprocess.Popen[bytes]:
    """A process that uses the file in its own way."""
    command = [sys.executable, "-m", "tests.support.limit_process", role, str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def killed(process: subprocess.Popen[bytes]) -> bytes:
    """Kill a process; returns what it had printed and nobody had read."""
    process.kill()
    return process.communicate()[0]


@attrs.define
class ClockAhead:
    """The clock of the machine, set ahead: what takes a lease takes the test no time."""

    by: float = 0.0

    def read(self) -> Reading:
        reading = read_clocks()
        return attrs.evolve(reading, since_boot=reading.since_boot + int(self.by * 1e6))


def free_now(path: Path) -> tuple[int, int]:
    """How many slots of both limits are free."""

    async def ask() -> tuple[int, int]:
        limiter = limiter_in(path)
        free = await limiter.free()
        await limiter.aclose()
        return free[SHORT], free[LONG]

    return asyncio.run(ask())


def test_processes_keep_one_limit_together(limit_path: Path) -> None:
    """Whatever two processes have to send, no window has more than the limit, and every slot counts once."""
    both = [started("use", limit_path), started("use", limit_path)]
    taken = [float(time) for process in both for time in process.communicate()[0].split()]
    assert len(taken) == 2 * REQUESTS
    assert most_in_a_window(taken, SHORT.per) <= SHORT.requests
    assert free_now(limit_path)[1] == LONG.requests - 2 * REQUESTS


def test_killed_process_loses_its_slots_for_its_lease_only(limit_path: Path) -> None:
    """Slots of a process that got a kill -9 stay taken until its lease ends, and count for the day after."""
    holder = started("hold", limit_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"ready\n"
    clock = ClockAhead()
    limiter = limiter_in(limit_path)
    limiter._store = InlineStore(LimitFile(limit_path, "k", limiter._rules, clock.read))

    async def main() -> None:
        assert (await limiter.free())[SHORT] == SHORT.requests - HELD
        killed(holder)
        assert (await limiter.free())[SHORT] == SHORT.requests - HELD
        clock.by = LEASE + GIVEN_UP_MARGIN
        await hold_at_once(limiter, SHORT.requests)
        await limiter.aclose()
        assert (await limiter.free())[LONG] == LONG.requests - HELD - SHORT.requests
        await limiter.aclose()

    run_real(main())


@pytest.mark.parametrize("lines", [1, 7])
def test_file_is_whole_after_a_kill_at_any_moment(limit_path: Path, lines: int) -> None:
    """Killed in the middle of its steps, a process leaves a sound file in which each slot was counted once."""
    process = started("loop", limit_path)
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(lines)]
    printed += killed(process).splitlines()
    file = sqlite3.connect(limit_path)
    assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    used = LONG.requests - free_now(limit_path)[1]
    assert len(printed) <= used <= len(printed) + 1

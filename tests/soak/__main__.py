"""Half of the time on asyncio's loop, half on uvloop's; ends with a table, and with 1 if a promise did not hold."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial

import attrs
import uvloop

from .load import Outcome, Tally, soak

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}
SHOWN = 20
"""Broken promises that are printed of each loop."""


def main() -> int:
    """Run it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of both loops together; 10 by default")
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    outcomes: dict[str, Outcome] = {}
    for name, factory in LOOPS.items():
        seconds = asked.minutes * 60 / len(LOOPS)
        more = partial(is_time_left, time.monotonic(), seconds)
        with asyncio.Runner(loop_factory=factory) as runner:
            outcomes[name] = runner.run(soak(more, callers=asked.callers, seed=asked.seed))
    print("\n".join(table(outcomes)))
    broken = [
        f"{name}: {promise}" for name, outcome in outcomes.items() for promise in outcome.broken()[:SHOWN]
    ]
    print("\n".join(broken) or "every promise held")
    return 1 if broken else 0


def is_time_left(started: float, seconds: float, share: float, tally: Tally) -> bool:
    """Whether the share of the time has not passed yet."""
    return time.monotonic() < started + share * seconds


def table(outcomes: dict[str, Outcome]) -> list[str]:
    """What was seen, a column for each loop."""
    columns = [dict(rows(outcome)) for outcome in outcomes.values()]
    names = list(dict.fromkeys(name for column in columns for name in column))
    lines = [("", *outcomes), *((name, *(column.get(name, "0") for column in columns)) for name in names)]
    return ["".join([line[0].ljust(36), *(cell.rjust(24) for cell in line[1:])]) for line in lines]


def rows(outcome: Outcome) -> list[tuple[str, str]]:
    """What was seen on one loop."""
    tally = outcome.tally
    counts = {"calls": tally.calls, "answers": tally.answers, "cancelled": tally.cancelled}
    counts |= {f"error: {name}": count for name, count in sorted(tally.errors.items())}
    counts |= {f"service: {name}": count for name, count in sorted(outcome.happened.items())}
    early, late = attrs.asdict(outcome.early), attrs.asdict(outcome.late)
    flat = [(f"{name} at 10 %, at the end", f"{early[name]:,}, {late[name]:,}") for name in early]
    closed = [(f"{name} before, closed", f"{getattr(outcome.before, name)}, {getattr(outcome.after, name)}")
              for name in ("descriptors", "tasks")]  # fmt: skip
    return [*((name, f"{count:,}") for name, count in counts.items()), *flat, *closed]


if __name__ == "__main__":
    sys.exit(main())

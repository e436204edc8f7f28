"""What every benchmark returns, and how two things are timed fairly: in turn, and by their median ratio."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

import attrs

from meltingspot_async import RateLimit

WIDE = [RateLimit(10**9, per=10.0)]
"""A limit that nobody reaches."""

ROUNDS = 9

Run = Callable[[], Awaitable[None]]


@attrs.frozen
class Row:
    """One figure beside another."""

    title: str
    ours: float
    beside: str
    """What the other figure is of."""
    other: float
    unit: str
    ratio: float
    """Ours to the other; of figures that vary, the median ratio of pairs."""


def row(title: str, ours: float, beside: str, other: float, unit: str) -> Row:
    """Two figures that one measurement each is enough for."""
    return Row(title, ours, beside, other, unit, ours / other if other else float("nan"))


async def in_turn(
    runs: Mapping[str, Run], rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Seconds of each, one round after the other, so that a slow moment of the machine meets all of them."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        await run()
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()
            started = clock()
            await run()
            took[name].append(clock() - started)
    return took


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def rows_beside(title: str, took: Mapping[str, list[float]], calls: int) -> list[Row]:
    """The first beside each of the others, in microseconds for one of so many calls."""
    (_, ours), *others = took.items()
    return [
        Row(
            title,
            statistics.median(ours) / calls * 1e6,
            name,
            statistics.median(theirs) / calls * 1e6,
            "µs",
            statistics.median(ratios(ours, theirs)),
        )
        for name, theirs in others
    ]


async def compare(title: str, ours: Run, theirs: Run) -> None:
    """Print the median ratio of pairs run in turn, ours to theirs."""
    took = await in_turn({"ours": ours, "theirs": theirs}, ROUNDS, time.perf_counter)
    found = ratios(took["ours"], took["theirs"])
    print(f"{title:<68} {statistics.median(found):6.2f}  ({min(found):.2f} to {max(found):.2f})")


def show(title: str, figure: float) -> None:
    """Print one figure."""
    print(f"{title:<68} {figure:6.3f}")

"""docs/faults.md, made of the catalogue: ``python -m tests.faults.table`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from meltingspot_async import QuotaExhaustedError

from .catalogue import GROUPS
from .fault import NOTHING, VALUE, WAYS, Fault, Outcome, Way

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- begin: made of tests/faults -->", "<!-- end -->"

HEADS: dict[Way, str] = {
    "get": "`get`",
    "list": "`list`",
    "get_many": "`get_many`",
    "export": "`export`",
    "command": "the command",
}


def page(before: str) -> str:
    """The page with its tables made anew, and all other text as it was."""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    tables = "\n".join(line for group, faults in GROUPS.items() for line in (*_table(group, faults), ""))
    return f"{head}{BEGIN}\n\n{tables}\n{END}{tail}"


def _table(group: str, faults: Iterable[Fault]) -> Iterator[str]:
    yield f"### {group}"
    yield ""
    yield f"| fault | {' | '.join(HEADS[way] for way in WAYS)} |"
    yield f"| --- |{' --- |' * len(WAYS)}"
    for name, cells in _rows(faults):
        yield f"| {name.replace('|', chr(92) + '|')} | {' | '.join(cells)} |"


def _rows(faults: Iterable[Fault]) -> Iterator[tuple[str, list[str]]]:
    """A row for each fault. Statuses of which the same is promised share one."""
    shared: dict[tuple[str, ...], list[int]] = {}
    others: list[tuple[str, list[str]]] = []
    for fault in faults:
        cells = [_cell(fault.by(way), way) for way in WAYS]
        if fault.name.isdecimal():
            shared.setdefault(tuple(cells), []).append(int(fault.name))
        else:
            others.append((fault.name, cells))
    yield from ((_ranges(sorted(statuses)), list(cells)) for cells, statuses in shared.items())
    yield from others


def _ranges(numbers: list[int]) -> str:
    """Numbers as one writes them: ``400, 405 to 407``."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), lambda place: place[1] - place[0])
    ]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _cell(outcome: Outcome | None, way: Way) -> str:
    """What the caller gets, in a few words."""
    if outcome is None:
        return "-"
    if outcome == VALUE:
        return "the answer" if way != "command" else "exits with 0"
    if outcome == NOTHING:
        return "ends"
    assert outcome.error is not None
    code = 3 if outcome.error is QuotaExhaustedError else 1
    end = f"exits with {code}" if way == "command" else f"`{outcome.error.__name__}`"
    return f"again, then {end}" if outcome.tried_again else end


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))

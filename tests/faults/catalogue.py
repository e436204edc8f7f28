"""All faults, in groups; the cells of their matrix, and the tenth of them that runs with every suite."""

from __future__ import annotations

import attrs

from .fault import WAYS, Fault, Way
from .groups.bodies import BODIES
from .groups.cuts import CUTS
from .groups.documents import DOCUMENTS
from .groups.framing import FRAMING
from .groups.mixed_up import MIXED_UP
from .groups.reaching import REACHING
from .groups.refusals import REFUSALS
from .groups.statuses import STATUSES
from .groups.waits import WAITING

GROUPS: dict[str, tuple[Fault, ...]] = {
    "The way to the service": REACHING,
    "Answers that break off, stall or drip": CUTS,
    "HTTP that is not quite HTTP": FRAMING,
    "Answers to somebody else": MIXED_UP,
    "Statuses": STATUSES,
    "When to come back": WAITING,
    "Bodies": BODIES,
    "JSON": DOCUMENTS,
    "Bodies of refusals": REFUSALS,
}

EVERY = 11
"""One cell in so many runs with every suite. No multiple of the number of ways, so that each way has its turn."""


@attrs.frozen
class Cell:
    """A fault, by one way of use."""

    group: str
    fault: Fault
    way: Way

    def __str__(self) -> str:
        return f"{self.fault.name}, by {self.way}"


def cells(group: str) -> list[Cell]:
    """The cells of a group, as far as they can happen."""
    return [Cell(group, fault, way) for fault in GROUPS[group] for way in WAYS if fault.by(way) is not None]


ALL = [cell for group in GROUPS for cell in cells(group)]
SAMPLE = [cell for group in GROUPS for cell in cells(group)[::EVERY]]

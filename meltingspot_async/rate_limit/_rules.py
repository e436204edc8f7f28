"""The rules by which a limiter keeps its limits."""

from __future__ import annotations

from collections.abc import Iterable

from .._validation import is_number
from ..errors import UsageError
from ._limits import DAY, HOUR, RateLimit
from ._protocol import GIVEN_UP_MARGIN
from ._state import Rules
from ._window import NEVER, WHOLE, Rule

MAX_PASSED_OVER = 50
"""Slots in a row that interactive requests get while bulk requests wait; the next one goes to a bulk request."""

GRACE = 1.0
"""Seconds after which others no longer wait for a process that did not take its step when it was due."""

OUTLOOK = 10.0
"""Seconds after which a process that waits takes a step in any case: others may have used up the day meanwhile, or have
been refused."""


def rules_of(
    limits: Iterable[RateLimit],
    *,
    reserve: float,
    unit: float = 1.0,
    steps: float = 0.0,
    lease: float = NEVER,
    outlook: float = OUTLOOK,
) -> Rules:
    """The rules by which limits are kept.

    :param reserve: the share of each limit that is kept from BULK.
    :param unit: units of the store's time in a second.
    :param steps: in how many steps the slots of a window come free; 0 for exact times.
    :param lease: seconds for which a process that takes no step is believed to be alive.
    :param outlook: seconds that a process which waits goes without a step at most.
    :raises UsageError: an argument cannot work.
    """
    if not is_number(reserve) or not 0 <= reserve < 1:
        raise UsageError(f"reserve must be a number from 0 up to, and not including, 1, not {reserve!r}.")

    def time(seconds: float) -> float:
        return max(1, round(seconds * unit)) if steps and seconds < NEVER else seconds

    def rule(limit: RateLimit) -> Rule:
        per = limit.per
        step = max(1, time(per) // steps) if steps else 0.0
        return Rule(limit.requests, time(per), per >= DAY, per < HOUR, step)

    return Rules(
        tuple(rule(limit) for limit in limits),
        round(reserve * WHOLE),
        time(lease),
        time(lease / 3),
        time(GIVEN_UP_MARGIN),
        time(GRACE),
        time(outlook),
        MAX_PASSED_OVER,
    )

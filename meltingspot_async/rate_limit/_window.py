"""One limit by itself: how many slots it has, and when each that was used comes free. Pure."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque

import attrs

from .._validation import positive, whole_positive

DAY = 86_400.0
"""Seconds; a limit this long is an allowance, which callers do not wait for."""


@attrs.frozen
class RateLimit:
    """At most ``requests`` requests in any window of ``per`` seconds.

    MeltingSpot documents 100 per 10 s and 50,000 per day (configuration page of its API reference).
    """

    requests: int = attrs.field(validator=whole_positive)
    per: float = attrs.field(validator=positive)


DOCUMENTED_LIMITS: tuple[RateLimit, ...] = (RateLimit(100, per=10.0), RateLimit(50_000, per=DAY))
"""What a key may send (configuration page of the API reference)."""


@attrs.define
class Window:
    """One limit, and when each slot that was used comes free again (sorted)."""

    limit: RateLimit
    cooling: deque[float] = attrs.field(factory=deque[float], init=False)

    def cool(self, answered: float) -> None:
        """A request counts as answered at that time: its slot comes free one window later."""
        free = answered + self.limit.per
        if not self.cooling or self.cooling[-1] <= free:
            self.cooling.append(free)
        else:
            insort(self.cooling, free)

    def free_at(self, now: float, in_flight: int, ahead: int) -> float:
        """When a slot comes free, at the earliest, for one who has ``ahead`` others before it."""
        missing = ahead - self.free(now, in_flight)
        if missing < 0:
            return now
        # In order of time: those cooling, and the others, whose answers are in now at the earliest.
        rounds, nth = divmod(missing, self.limit.requests)
        answered_now, others = now + self.limit.per, self.limit.requests - len(self.cooling)
        before = bisect_right(self.cooling, answered_now)
        if before <= nth < before + others:
            first = answered_now
        else:
            first = self.cooling[nth if nth < before else nth - others]
        return first + rounds * self.limit.per

    def free(self, now: float, in_flight: int) -> int:
        """How many slots are free."""
        self._drop_free(now)
        return self.limit.requests - in_flight - len(self.cooling)

    def is_used_up_allowance(self, now: float) -> bool:
        """Whether this is a long limit whose every slot was used."""
        self._drop_free(now)
        return self.limit.per >= DAY and len(self.cooling) >= self.limit.requests

    def _drop_free(self, now: float) -> None:
        while self.cooling and self.cooling[0] <= now:
            self.cooling.popleft()

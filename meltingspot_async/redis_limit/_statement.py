"""What a process has to report to Redis, and what it knows since its last report."""

from __future__ import annotations

import attrs

NEVER = float("inf")


@attrs.define
class Unreported:
    """Outcomes of requests that Redis does not know yet."""

    answered: int = 0
    given_up: int = 0
    paused_until: float = -NEVER
    """Time of the loop's clock until which a 429 pauses the key."""

    def add(self, other: Unreported) -> None:
        """Take over the outcomes of a report that may not have arrived."""
        self.answered += other.answered
        self.given_up += other.given_up
        self.paused_until = max(self.paused_until, other.paused_until)


@attrs.frozen
class LastStep:
    """What Redis knows of this process since its last step, and when the next one is due. Times are the loop's."""

    held: int = 0
    """Slots in flight."""
    interactive: bool = False
    """Whether interactive requests wait."""
    bulk: bool = False
    """Whether bulk requests wait."""
    free_at: float = -NEVER
    """When a slot is free for this process, at the earliest."""
    next_at: float = NEVER
    """When the next step is due: because a slot may be free, or to renew the lease."""

    @classmethod
    def of(
        cls, held: int, interactive: bool, bulk: bool, now: float, due_at: float | None, renewal: float
    ) -> LastStep:
        """What Redis knows after a reply.

        :param due_at: when a slot may be free for those who still wait; ``None`` if Redis knows of nobody who waits.
        :param renewal: when the lease is to be renewed.
        """
        if due_at is None:
            return cls(held, free_at=now, next_at=renewal)
        return cls(held, interactive, bulk, free_at=due_at, next_at=min(due_at, renewal))

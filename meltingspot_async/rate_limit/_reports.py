"""What a process has to report to its store, and what both know of each other since the last step."""

from __future__ import annotations

import attrs

from ._window import NEVER


@attrs.define
class Unreported:
    """What became of requests, as far as the store does not know it."""

    answered: int = 0
    given_up: int = 0
    given_up_at: float = -NEVER
    """Time of the loop's clock at which the last of them was given up."""
    refused: int = 0
    paused_until: float = -NEVER
    """Time of the loop's clock until which those that were refused ask to wait."""
    after: int = 0
    """The pause after which they were sent."""

    def give_up(self, count: int, at: float) -> None:
        """Count requests as given up at a time of the loop's clock."""
        self.given_up += count
        self.given_up_at = max(self.given_up_at, at)

    def given_up_for(self, now: float) -> float:
        """Seconds since the last of them was given up; 0 if none was."""
        return max(0.0, now - self.given_up_at) if self.given_up else 0.0

    def add(self, other: Unreported) -> None:
        """Take over what a report held that may not have arrived."""
        self.answered += other.answered
        self.give_up(other.given_up, other.given_up_at)
        self.refused += other.refused
        self.paused_until = max(self.paused_until, other.paused_until)
        self.after = max(self.after, other.after)

    def __bool__(self) -> bool:
        return self.answered + self.given_up > 0


@attrs.define
class LastStep:
    """What the store knows of this process since its last step, and this process of the store. Times are the loop's."""

    held: int = 0
    pages: bool = False
    """Whether interactive requests wait."""
    batches: bool = False
    """Whether bulk requests wait."""
    free_at: float = -NEVER
    """When a slot is free for those who wait, at the earliest."""
    due_at: float = NEVER
    """When the next step is due."""
    pauses: int = 0

"""What a store knows of a limit, what a process states to it, and what it answers. See ``_decision`` for what follows
from it.
"""

from __future__ import annotations

import attrs

from ._window import Cooling, Rule, Window


@attrs.frozen
class Rules:
    """What is the same in every step of everybody. Times are in the store's unit."""

    limits: tuple[Rule, ...]
    share: float
    """The reserve, in millionths of each limit."""
    lease: float
    """How long a process that takes no step is believed to be alive."""
    renewal: float
    """Alive, it takes a step within this time."""
    margin: float
    """How long a request that was given up may still be under way."""
    grace: float
    """How long others wait for a process that does not take its step when it is due."""
    outlook: float
    """How long who waits goes without a step at most, to see if something has changed."""
    max_passed_over: int
    """Slots in a row that pages get while BULK requests wait."""
    rounding: float = attrs.field(default=0.0, eq=False)
    """How much later than the clock says it may be when an answer is in."""


@attrs.define
class Statement:
    """What a process states in a step."""

    process: str
    step: int
    """Steps that the process has begun, this one included."""
    held: int
    """Slots in flight."""
    pages: int
    """INTERACTIVE requests that wait."""
    batches: int
    """BULK requests that wait."""
    patience: float
    """How long its requests wait while the key is closed."""
    answered: int
    """Requests answered since the last step, the refused ones included."""
    given_up: int
    given_up_for: float
    """How long ago the last of those was given up."""
    refused: int
    """Requests refused with a 429 of those that were sent after the pause ``after``."""
    pause: float
    """How long those ask everybody to wait."""
    after: int
    """The number of the pause."""


@attrs.define
class Reply:
    """What a process learns from a step. Times count from the step."""

    pages: int
    """Slots for INTERACTIVE requests."""
    batches: int
    """Slots for BULK requests."""
    free_in: float
    """When a slot is free, at the earliest, for those who still wait; ``NEVER`` if nobody does."""
    due_in: float
    """When the next step is due: then, or earlier, to see if something has changed."""
    pages_closed_for: float
    """How long there is no slot for anybody, if that is longer than ``patience``; else 0."""
    batches_closed_for: float
    """The same, for BULK."""
    pauses: int
    """Pauses that have begun so far."""
    free: list[int]
    """Free slots of each limit."""
    is_conflict: bool = False
    """Whether others state other rules, so that nothing was decided."""


@attrs.define
class Process:
    """What is known of a process that holds slots or waits."""

    lease_end: float
    step: int
    held: int
    pages: int
    batches: int
    due_at: float
    turn: float
    """Since when it waits, or got its last slot."""

    def last_arrival(self, rules: Rules) -> float:
        """When its last request can have arrived, if it is dead. Alive, it would have renewed its lease in time."""
        return self.lease_end - rules.lease + rules.renewal + rules.margin


@attrs.define
class State:
    """What a store holds."""

    rules: Rules
    """The rules that were stated last."""
    windows: list[Window]
    shortest: Window
    refused: Cooling
    """Requests refused with a 429, each until a shortest window later."""
    now: float = 0.0
    """When the last step was taken."""
    offset: float = 0.0
    """What the clock of the store has lost since the first step, by being set back."""
    passed_over: int = 0
    """Slots in a row that pages got while a BULK request waited."""
    paused_until: float = 0.0
    pauses: int = 0
    in_doubt: bool = False
    """Whether nothing has passed since the last pause."""
    tried_at: float = -1.0
    """When the request was sent that finds out; -1 before."""
    allowed_before: int = 0
    """What the shortest window allowed before the last pause."""
    passed: int = 0
    """What passed in the window before the last pause began, as far as is known."""
    clean_since: float = 0.0
    """Since when there was no refusal; moved on with each window that was counted."""
    set_aside: dict[float, Window] = attrs.field(factory=dict[float, Window])
    """Windows of earlier rules, by their length."""
    processes: dict[str, Process] = attrs.field(factory=dict[str, Process])

    @classmethod
    def new(cls, rules: Rules) -> State:
        """Nothing has happened yet."""
        windows = [Window(rule, rules.share) for rule in rules.limits]
        shortest = min(windows, key=lambda window: window.rule.per)
        return cls(
            rules, windows, shortest, Cooling(shortest.rule.step), allowed_before=shortest.rule.requests
        )

    def adopt(self, rules: Rules) -> None:
        """Keep to other rules from now on, and forget what was learned of the limit."""
        self.set_aside |= {window.rule.per: window for window in self.windows}
        fresh = State.new(rules)
        for window in fresh.windows:
            if (before := self.set_aside.pop(window.rule.per, None)) is not None:
                window.used, window.paced = before.used, before.paced
                window.used.step = window.rule.step
        self.rules, self.windows, self.shortest = rules, fresh.windows, fresh.shortest
        self.refused.step = fresh.shortest.rule.step
        self.allowed_before, self.passed = fresh.allowed_before, 0

    def tick(self, time: float) -> float:
        """The time, which never goes back: where the store's clock does, this one continues from where it was."""
        now = time + self.offset
        if now < self.now:
            self.offset += self.now - now
            now = self.now
        self.now = now
        return now

    def is_tried(self, in_flight: int) -> bool:
        """Whether a request is under way that finds out if the last pause still holds."""
        return (
            self.in_doubt
            and in_flight > 0
            and self.tried_at >= 0
            and self.now < self.tried_at + self.shortest.rule.per
        )

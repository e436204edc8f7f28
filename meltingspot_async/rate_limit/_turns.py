"""Who gets the free slots, and when the next ones are free: between two lanes, and between processes. Pure."""

from __future__ import annotations

import sys

import attrs

from ._state import Process, Rules, State
from ._window import NEVER, Window


@attrs.define
class _Lane:
    """What other processes wait for in one lane."""

    waiters: int = 0
    due: int = 0
    """Processes whose step is due by now."""
    due_before: int = 0
    """Those of them whose turn is before mine."""
    before: int = 0
    """Processes whose turn is before mine."""

    def count(self, waiters: int, process: Process, turn: float, now: float) -> None:
        """Count one process."""
        if waiters:
            due, before = process.due_at <= now, process.turn < turn
            self.waiters += waiters
            self.due += due
            self.before += before
            self.due_before += due and before

    def leave(self, available: int, taken: int) -> bool:
        """Whether they leave one more of the slots available to the process that has taken so many."""
        if taken:
            return taken * (1 + self.due) < available + taken
        return available > self.due_before


@attrs.define
class Turns:
    """One step's view of the queue: mine, that is of the process that takes the step, and that of the others."""

    state: State
    rules: Rules
    others: list[Process]
    pages: int
    """INTERACTIVE requests of mine that wait."""
    batches: int
    """BULK requests of mine that wait."""
    in_flight: int
    """Slots in flight, of all processes."""
    turn: float
    """Since when mine wait, or got their last slot."""
    left: int = attrs.field(default=0, init=False)
    """Free slots that mine could have, and that are left for other processes."""
    _other_pages: _Lane = attrs.field(init=False)
    _other_batches: _Lane = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._look()

    def _look(self) -> None:
        """See what others wait for."""
        self._other_pages, self._other_batches = _Lane(), _Lane()
        for process in self.others:
            self._other_pages.count(process.pages, process, self.turn, self.state.now)
            self._other_batches.count(process.batches, process, self.turn, self.state.now)

    def give(self) -> tuple[int, int]:
        """Give free slots to my pages and to my batches; returns how many to each.

        It goes slot by slot. Each process whose step is due by now has an even part, and one slot goes by turns.
        """
        state, rules, free = self.state, self.rules, self._free()
        if free <= 0 or not self.pages + self.batches:
            return 0, 0
        beyond_reserve, beyond_day, in_pace = self._for_batches()
        for_pages = for_batches = kept = given = 0
        while given < free:
            bulk_waits = self.batches > for_batches or self._other_batches.waiters > 0
            is_late = bulk_waits and state.passed_over >= rules.max_passed_over
            may_pace = in_pace > for_batches + kept
            overdue = is_late and may_pace and beyond_day > given
            available = beyond_reserve - given - self._other_pages.waiters
            in_turn = (
                may_pace and self.pages == for_pages and self._other_batches.leave(available, for_batches)
            )
            if self.batches > for_batches and (overdue or in_turn):
                for_batches, state.passed_over = for_batches + 1, 0
            elif overdue and not kept:
                kept = 1
            elif self.pages > for_pages and self._other_pages.leave(free - given, for_pages):
                for_pages, state.passed_over = for_pages + 1, state.passed_over + 1 if bulk_waits else 0
            else:
                break
            given += 1
        pages_wait = self.pages > for_pages
        unused = free - given if pages_wait else min(beyond_reserve - given, in_pace - for_batches - kept)
        self.left = max(0, unused) + kept
        self._take(for_pages, for_batches)
        return for_pages, for_batches

    def _free(self) -> int:
        """How many slots can be given now."""
        state = self.state
        if state.paused_until > state.now:
            return 0
        free = min([window.free(self.in_flight) for window in state.windows])
        if state.in_doubt:
            return 0 if state.is_tried(self.in_flight) else min(free, 1)
        return free

    def _for_batches(self) -> tuple[int, int, int]:
        """How many slots are free beyond the reserves, how many beyond that of a day, and how many the pace allows."""
        beyond_reserve = beyond_day = in_pace = sys.maxsize
        for window in self.state.windows:
            free = window.free(self.in_flight)
            beyond_reserve = min(beyond_reserve, free - window.reserve)
            beyond_day = min(beyond_day, free - window.reserve if window.rule.is_allowance else free)
            if window.burst:
                in_pace = min(in_pace, window.burst - window.paced.total)
        return beyond_reserve, beyond_day, in_pace

    def _take(self, for_pages: int, for_batches: int) -> None:
        """Take what was given off what is there."""
        given = for_pages + for_batches
        if not given:
            return
        if self.state.in_doubt:
            self.state.tried_at = self.state.now
        for window in self.state.windows:
            if window.burst and for_batches:
                window.paced.add(self.state.now + window.span, for_batches)
        self.pages, self.batches = self.pages - for_pages, self.batches - for_batches
        self.in_flight += given
        self.turn = self.state.now
        self._look()

    def free_at(self) -> float:
        """When a slot is free for those of mine who still wait.

        The next one goes to the process that is first, the one after it to the second: each learns when, and nobody
        else wakes. Slots left for others are theirs.
        """
        state, at = self.state, NEVER
        if self.pages:
            place = 1 + max(self.left, self._other_pages.before)
            at = max(self._slot_at(window, place) for window in state.windows)
        if self.batches:
            at = min(at, self._batch_at())
        at = max(at, state.paused_until)
        return max(at, state.tried_at + state.shortest.rule.per) if state.is_tried(self.in_flight) else at

    def due_at(self, free_at: float) -> float:
        """When my next step is due: when a slot is free, or earlier, to see if something has changed."""
        patience = self.rules.outlook
        if self.left or (self.others and self.state.is_tried(self.in_flight)):
            patience = min(patience, self.rules.grace)
        return min(free_at, self.state.now + patience)

    def _batch_at(self) -> float:
        """When a slot is free for the first of my batches.

        It comes behind all pages; or before them, when so many were served as may pass over those before it, and it.
        """
        state, most, left = self.state, self.rules.max_passed_over, self.left
        before, pages_before = self._other_batches.before, self._other_pages.waiters
        until_overdue = max(0, most * (1 + before) - state.passed_over)
        is_overdue = pages_before > until_overdue or state.passed_over >= most
        place, at = 1 + max(left, before + min(pages_before, until_overdue)), state.now
        for window in state.windows:
            aside = 0 if is_overdue and not window.rule.is_allowance else window.reserve
            pace_at = window.pace_at(1 + max(left, before), state.now)
            at = max(at, self._slot_at(window, place + aside), pace_at)
        return at

    def _slot_at(self, window: Window, place: int) -> float:
        """When a slot of one limit is free for the one in that place; also because a process turns out to be dead."""
        at = window.free_at(place, self.in_flight, self.state.now)
        for process in self.others:
            if process.held and at > self.state.now:
                lapsed = process.last_arrival(self.rules) + window.rule.per
                at = min(at, max(process.lease_end, lapsed))
        return at

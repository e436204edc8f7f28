"""One limit: how many slots it has, who has used them, and when each of them comes free. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

import attrs

NEVER = math.inf

WHOLE = 1_000_000
"""Shares of a limit are whole numbers of millionths, so that every store rounds them alike."""


def round_up(value: float, step: float) -> float:
    """The least multiple of ``step`` that is not below a value; with a step of 0, the value itself."""
    return math.ceil(value / step) * step if step else value


@attrs.frozen
class Rule:
    """A limit as it is kept. Times are in the store's own unit: seconds, or whole microseconds."""

    requests: int
    per: float
    """Length of the window."""
    is_allowance: bool
    """Whether nobody waits for a slot of it: a limit of a day or longer."""
    is_paced: bool
    """Whether BULK takes its slots at a steady pace: a limit shorter than an hour."""
    step: float
    """Used slots come free at multiples of this, so that a store has few numbers to hold; 0 for exact times."""


class Cooling:
    """Slots that come free one after the other, and when."""

    __slots__ = ("counts", "step", "times", "total")

    def __init__(self, step: float) -> None:
        self.step = step
        self.times: deque[float] = deque()
        self.counts: deque[int] = deque()
        self.total = 0

    def add(self, free_at: float, count: int) -> None:
        """That many slots come free at a time, or up to a step later."""
        at = round_up(free_at, self.step)
        self.total += count
        place = len(self.times)
        if place and at <= self.times[-1]:
            place = bisect_right(self.times, at)
            if place and self.times[place - 1] == at:
                self.counts[place - 1] += count
                return
        self.times.insert(place, at)
        self.counts.insert(place, count)

    def drop(self, now: float) -> None:
        """Forget the slots that are free by now."""
        while self.times and self.times[0] <= now:
            self.times.popleft()
            self.total -= self.counts.popleft()

    def free_at(self, count: int) -> float:
        """When that many of the slots have come free; ``NEVER`` if there are fewer."""
        if count <= 0:
            return -NEVER
        for time, here in zip(self.times, self.counts, strict=True):
            count -= here
            if count <= 0:
                return time
        return NEVER


class Window:
    """One limit at one moment: its used slots, and how those that are left are divided between the two lanes."""

    __slots__ = ("allowed", "burst", "paced", "reserve", "rule", "span", "used")

    def __init__(self, rule: Rule, share: float) -> None:
        self.rule = rule
        self.used = Cooling(rule.step)
        """Requests that were answered or given up, each until a window later."""
        self.paced = Cooling(min(rule.step, 1.0))
        """Slots that BULK got, each until a span later."""
        self.allow(rule.requests, share)

    def allow(self, requests: int, share: float) -> None:
        """Allow that many requests in a window from now on.

        BULK leaves a share of them free; and of a paced window it gets as many as that at most within a span, so that
        what it may use is spread over the whole window.

        :param share: millionths of the requests; 0 divides nothing.
        """
        self.allowed = requests
        self.reserve = min(math.ceil(requests * share / WHOLE), requests - 1)
        self.burst, self.span = 0, 0.0
        if self.reserve and self.rule.is_paced:
            self.burst = self.reserve
            self.span = round_up(self.rule.per * self.burst / (requests - self.reserve), self.paced.step)

    def free(self, in_flight: int) -> int:
        """How many slots are free."""
        return self.allowed - self.used.total - in_flight

    def free_at(self, place: int, in_flight: int, now: float) -> float:
        """When a slot is free, at the earliest, for the one who is in that place (from 1) of those who wait."""
        return _free_at(self.used, self.allowed, in_flight, self.rule.per, place, now)

    def pace_at(self, place: int, now: float) -> float:
        """When the pace of BULK allows a slot to the one in that place."""
        return _free_at(self.paced, self.burst, 0, self.span, place, now) if self.burst else now


def _free_at(cooling: Cooling, slots: int, in_flight: int, per: float, place: int, now: float) -> float:
    """When one of so many slots is free, at the earliest, for the one in that place.

    A slot in flight, or taken now by those before, is free one ``per`` from now at the earliest. Whoever comes after
    all of them waits for the next round.
    """
    missing = place - (slots - cooling.total - in_flight)
    if missing <= 0:
        return now
    uncertain = max(in_flight, slots - cooling.total)
    rounds = max(0, math.ceil((missing - cooling.total - uncertain) / slots))
    missing -= rounds * slots
    at = cooling.free_at(missing)
    if at > now + per:
        at = max(now + per, cooling.free_at(missing - uncertain))
    return at + rounds * per

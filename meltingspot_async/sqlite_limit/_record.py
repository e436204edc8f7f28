"""What a store knows of a limit, as values of a database and back. Pure.

Each part has a value of its own, so that a step writes only what it changed. Whoever is free again by now, and dead
processes, leave no value: a limit has at most a thousand entries for each of its windows, and one for each process.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Iterator, Mapping

import attrs

from ..rate_limit._state import Process, Rules, State
from ..rate_limit._window import Cooling, Rule, Window
from ._clock import Synchronised, Time

Parts = dict[str, bytes]
"""Values by the names of the parts."""

_COUNTERS = (
    "now",
    "passed_over",
    "paused_until",
    "pauses",
    "in_doubt",
    "tried_at",
    "allowed_before",
    "passed",
    "clean_since",
)
"""Fields of the state that are plain numbers. Its offset is always 0: the limiter's own time never goes back."""

_PROCESS = struct.Struct("<d4q2d")


def to_parts(state: State, time: Time) -> Parts:
    """The values of a state."""
    counters = {name: getattr(state, name) for name in _COUNTERS} | {"allowed": state.shortest.allowed}
    parts = {
        "time": _json(attrs.asdict(time)),
        "rules": _json(attrs.asdict(state.rules)),
        "counters": _json(counters),
    }
    for name, process in state.processes.items():
        parts[f"process:{name}"] = _PROCESS.pack(*attrs.astuple(process))
    for name, slots in _series(state):
        if slots.times and slots.times[-1] > state.now:
            parts[name] = _packed(slots)
    return parts


def from_parts(parts: Mapping[str, bytes]) -> tuple[State, Time]:
    """The state that has these values."""
    rules, time = json.loads(parts["rules"]), json.loads(parts["time"])
    limits = tuple(Rule(**rule) for rule in rules.pop("limits"))
    state = State.new(Rules(limits, **rules))
    counters = json.loads(parts["counters"])
    state.shortest.allow(counters.pop("allowed"), state.rules.share)
    for name, value in counters.items():
        setattr(state, name, value)
    for name, value in parts.items():
        kind, _, of = name.partition(":")
        if kind == "process":
            state.processes[of] = Process(*_PROCESS.unpack(value))
        elif kind == "used":
            _unpack(value, _window(state, float(of)).used)
        elif kind == "paced":
            _unpack(value, _window(state, float(of)).paced)
        elif kind == "refused":
            _unpack(value, state.refused)
    synchronised = time.pop("synchronised")
    return state, Time(
        time.pop("now"),
        tuple(time.pop("boots")),
        time.pop("since_boot"),
        None if synchronised is None else Synchronised(**synchronised),
    )


def _series(state: State) -> Iterator[tuple[str, Cooling]]:
    yield "refused", state.refused
    for window in (*state.windows, *state.set_aside.values()):
        yield f"used:{window.rule.per:.0f}", window.used
        yield f"paced:{window.rule.per:.0f}", window.paced


def _window(state: State, per: float) -> Window:
    """The window of that length; one of earlier rules is set aside."""
    for window in (*state.windows, *state.set_aside.values()):
        if window.rule.per == per:
            return window
    state.set_aside[per] = Window(Rule(1, per, is_allowance=False, is_paced=False, step=1.0), 0)
    return state.set_aside[per]


def _packed(slots: Cooling) -> bytes:
    """All times, and then all counts: where a count grows, one page of the file changes."""
    return _layout(len(slots.times)).pack(*slots.times, *slots.counts)


def _unpack(packed: bytes, slots: Cooling) -> None:
    entries = len(packed) // 16
    numbers = _layout(entries).unpack(packed)
    slots.times, slots.counts = deque(numbers[:entries]), deque(numbers[entries:])
    slots.total = sum(slots.counts)


def _layout(entries: int) -> struct.Struct:
    return struct.Struct(f"<{entries}d{entries}q")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()

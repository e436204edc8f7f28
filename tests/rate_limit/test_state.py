"""What a store keeps."""

from __future__ import annotations

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._shared import shared_rules
from meltingspot_async.rate_limit._state import State
from meltingspot_async.rate_limit._window import Cooling


def test_time_never_goes_back() -> None:
    """When the clock of a store is set back, time stands still for that moment, and then goes on as it does."""
    state = State.new(shared_rules([RateLimit(10, per=10.0)], reserve=0.0, lease=30.0))
    assert [state.tick(time) for time in (50.0, 20.0, 21.0, 24.5)] == [50.0, 50.0, 51.0, 54.5]


def test_slots_come_free_each_at_its_own_time() -> None:
    """A slot that comes free between two others does so at its own time, not with the one before it."""
    used = Cooling()
    for free_at in (10.0, 30.0, 20.0, 20.0):
        used.add(free_at, 1)
    assert [used.free_at(count) for count in (1, 2, 3, 4)] == [10.0, 20.0, 20.0, 30.0]

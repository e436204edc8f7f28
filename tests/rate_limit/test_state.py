"""What a store keeps."""

from __future__ import annotations

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._shared import shared_rules
from meltingspot_async.rate_limit._state import State


def test_time_never_goes_back() -> None:
    """When the clock of a store is set back, time stands still for that moment, and then goes on as it does."""
    state = State.new(shared_rules([RateLimit(10, per=10.0)], reserve=0.0, lease=30.0))
    assert [state.tick(time) for time in (50.0, 20.0, 21.0, 24.5)] == [50.0, 50.0, 51.0, 54.5]

"""What a store keeps."""

from __future__ import annotations

import random

import attrs
import pytest

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._decision import decide, take_page
from meltingspot_async.rate_limit._rules import rules_of
from meltingspot_async.rate_limit._shared import shared_rules
from meltingspot_async.rate_limit._state import State, Statement
from meltingspot_async.rate_limit._window import Cooling, Rule, Window


def test_new_store_knows_of_nothing() -> None:
    """At the beginning nothing was used, nobody waited, no pause was begun, and the limit is the documented one."""
    rules = shared_rules([RateLimit(10, per=10.0), RateLimit(7, per=5.0)], reserve=0.5, lease=30.0)
    state = State.new(rules)
    assert state.shortest is state.windows[1]
    nothing = attrs.asdict(state, recurse=False)
    assert {name: value for name, value in nothing.items() if isinstance(value, int | float | dict)} == {
        "now": 0.0,
        "offset": 0.0,
        "passed_over": 0,
        "paused_until": 0.0,
        "pauses": 0,
        "in_doubt": False,
        "tried_at": -1.0,
        "allowed_before": 7,
        "passed": 0,
        "clean_since": 0.0,
        "set_aside": {},
        "processes": {},
    }
    assert [(window.allowed, window.reserve, window.burst, window.span) for window in state.windows] == [
        (10, 5, 5, 10_000_000),
        (7, 4, 4, 6_666_667),
    ]


@pytest.mark.parametrize(
    ("requests", "share", "paced", "division"),
    [
        (100, 50_000, True, (5, 5, 10.0 * 5 / 95)),
        (101, 50_000, True, (6, 6, 10.0 * 6 / 95)),
        (100, 50_000, False, (5, 0, 0.0)),
        (100, 0, True, (0, 0, 0.0)),
        (1, 50_000, True, (0, 0, 0.0)),
        (2, 999_999, True, (1, 1, 10.0)),
    ],
)
def test_limit_is_divided_between_pages_and_batches(
    requests: int, share: float, paced: bool, division: tuple[int, int, float]
) -> None:
    """A share, rounded up, is left to pages, but for one request; a short window has a pace for batches, too."""
    window = Window(Rule(requests, 10.0, is_allowance=False, is_paced=paced, step=0.0), share)
    assert (window.reserve, window.burst, window.span) == division


def test_state_adopts_other_rules_and_comes_back() -> None:
    """What was used of a window stays known while other rules hold, and is used up again when it comes back."""
    old = shared_rules([RateLimit(10, per=10.0)], reserve=0.0, lease=30.0)
    new = shared_rules([RateLimit(4, per=5.0)], reserve=0.0, lease=30.0)
    state = State.new(old)
    state.windows[0].used.add(9_000_000, 3)
    state.passed, state.allowed_before = 9, 9
    state.adopt(new)
    assert (state.shortest.rule.requests, state.allowed_before, state.passed) == (4, 4, 0)
    assert (state.refused.step, len(state.set_aside)) == (5_000, 1)
    state.adopt(old)
    assert (state.windows[0].used.total, [*state.set_aside]) == (3, [5_000_000])
    assert state.rules is old


@pytest.mark.parametrize("seed", range(20))
def test_page_taken_without_a_step_is_what_a_step_gives(seed: int) -> None:
    """Where one process is alone and nobody waits, a page gets its slot exactly when a step would give it one."""
    chance = random.Random(seed)
    limits = [RateLimit(chance.choice((1, 3, 5)), per) for per in (2.0, 10.0)]
    rules = rules_of(limits, reserve=0.3)
    quick, slow, held, time = State.new(rules), State.new(rules), 0, 0.0
    for number in range(1, 300, 2):
        time += chance.choice((0.0, 0.25, 0.5, 2.0))
        answered = chance.randint(0, held)
        refused = int(answered > 0 and chance.random() < 0.1)
        held -= answered
        ended = Statement(
            "", number, held, 0, 0, 60.0, answered, 0, 0.0, refused, 1.0 * refused, quick.pauses
        )
        for state in (quick, slow):
            assert decide(state, rules, ended, time)
        is_free = take_page(quick, held, time)
        asked = Statement("", number + 1, held, 1, 0, 60.0, 0, 0, 0.0, 0, 0.0, 0)
        reply = decide(slow, rules, asked, time)
        assert reply is not None
        if is_free:
            assert reply.pages == 1
        else:
            is_careful = slow.in_doubt or slow.shortest.allowed < slow.shortest.rule.requests
            assert is_careful or reply.pages == 0
            again = decide(quick, rules, asked, time)
            assert again is not None
            assert again.pages == reply.pages
        held += reply.pages
        assert (quick.passed_over, quick.now) == (slow.passed_over, slow.now)


def test_time_never_goes_back() -> None:
    """When the clock of a store is set back, time stands still for that moment, and then goes on as it does."""
    state = State.new(shared_rules([RateLimit(10, per=10.0)], reserve=0.0, lease=30.0))
    assert [state.tick(time) for time in (50.0, 20.0, 21.0, 24.5)] == [50.0, 50.0, 51.0, 54.5]


def test_slots_come_free_each_at_its_own_time() -> None:
    """A slot that comes free between two others does so at its own time, not with the one before it."""
    used = Cooling(0.0)
    for free_at in (10.0, 30.0, 20.0, 20.0):
        used.add(free_at, 1)
    assert [used.free_at(count) for count in (1, 2, 3, 4)] == [10.0, 20.0, 20.0, 30.0]


@pytest.mark.parametrize(
    ("in_flight", "place", "free_at"),
    [
        (0, 1, 5.0),
        (0, 2, 7.0),
        (0, 3, 9.0),
        (0, 4, 15.0),
        (0, 5, 17.0),
        (1, 1, 7.0),
        (1, 2, 9.0),
        (1, 3, 15.0),
        (2, 1, 9.0),
        (3, 1, 15.0),
        (3, 2, 15.0),
        (3, 3, 15.0),
        (3, 4, 25.0),
    ],
)
def test_slot_is_foretold_for_each_place(in_flight: int, place: int, free_at: float) -> None:
    """Of three slots two cool: who stands behind them waits for those in flight, and then for the next round."""
    window = Window(Rule(3, 10.0, is_allowance=False, is_paced=False, step=0.0), 0.0)
    window.used.add(7.0, 1)
    window.used.add(9.0, 1)
    assert window.free_at(place, in_flight, 5.0) == free_at
    assert window.pace_at(place, 5.0) == 5.0

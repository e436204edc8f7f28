"""What one step of one process decides, where several share a limit."""

from __future__ import annotations

import attrs
import pytest

from meltingspot_async import RateLimit
from meltingspot_async.rate_limit._decision import decide
from meltingspot_async.rate_limit._shared import shared_rules
from meltingspot_async.rate_limit._state import Reply, Rules, State, Statement

SECOND = 1e6
LIMIT = RateLimit(40, per=10.0)
STATED = [field.name for field in attrs.fields(Statement)[2:]]


@pytest.fixture
def rules() -> Rules:
    return shared_rules([LIMIT], reserve=0.05, lease=30.0)


def step(state: State, process: str, at: float, **stated: int) -> Reply:
    """One step, at so many seconds."""
    number = 1 + max((known.step for known in state.processes.values()), default=0)
    said = dict.fromkeys(STATED, 0) | {"patience": 60 * SECOND} | stated
    reply = decide(state, state.rules, Statement(process, number, **said), at * SECOND)  # type: ignore[arg-type]  # ints
    assert reply is not None
    return reply


def test_slot_of_an_overdue_batch_is_left_to_its_process(rules: Rules) -> None:
    """After fifty pages in a row one free slot is not given to another page: a batch elsewhere waits for it."""
    state = State.new(rules)
    step(state, "full", 1.0, held=40)
    step(state, "batch", 1.0, batches=1)
    state.passed_over = 50
    assert step(state, "pages", 2.0, pages=60).pages == 0
    step(state, "full", 3.0, held=38)
    assert step(state, "pages", 3.0, pages=60).pages == 1
    assert step(state, "batch", 3.5, batches=1).batches == 1


def test_batch_is_told_when_the_slot_beyond_the_reserve_is_free(rules: Rules) -> None:
    """Of slots that come free one by one, the first two are the reserve, and a batch waits for the third."""
    state = State.new(rules)
    for number in range(1, 5):
        step(state, "full", float(number), held=40 - number, answered=1)
    waiting = step(state, "batch", 5.0, batches=1)
    assert waiting.batches == 0
    assert waiting.free_in / SECOND == pytest.approx(13.0 - 5.0, abs=0.02)


def test_overdue_batch_keeps_its_pace(rules: Rules) -> None:
    """However many pages went before it, a batch that has used up its pace gets no slot before the pace allows it."""
    state = State.new(rules)
    burst = state.shortest.burst
    assert step(state, "batch", 1.0, batches=9).batches == burst
    state.passed_over = 50
    after = step(state, "batch", 1.1, held=burst, batches=9 - burst, pages=1)
    assert (after.pages, after.batches) == (1, 0)


def test_late_refusal_of_a_request_sent_two_pauses_ago_teaches_nothing(rules: Rules) -> None:
    """Only refusals since the last pause, and of the burst before it, say what passes now."""
    state = State.new(rules)
    step(state, "a", 1.0, held=20)
    step(state, "a", 2.0, held=10, answered=10, refused=2, pause=1_000_000, after=0)
    assert state.shortest.allowed == 18
    step(state, "a", 2.5, held=9, answered=1, refused=1, pause=1_000_000, after=0)
    assert state.shortest.allowed == 17
    step(state, "a", 12.5, held=8, answered=1, refused=1, pause=1_000_000, after=1)
    step(state, "a", 30.0, held=7, answered=1, refused=1, pause=1_000_000, after=2)
    allowed = state.shortest.allowed
    step(state, "a", 31.0, held=6, answered=1, refused=1, pause=1_000_000, after=0)
    assert state.shortest.allowed == allowed


def test_late_step_changes_nothing(rules: Rules) -> None:
    """A step that arrives after a later one of its process gives nothing and is forgotten."""
    state = State.new(rules)
    step(state, "a", 1.0, pages=1)
    late = Statement("a", 0, 9, 9, 9, 60 * SECOND, 0, 0, 0, 0, 0, 0)
    assert decide(state, rules, late, 2 * SECOND) is None
    assert state.now == SECOND


@pytest.mark.parametrize(("held", "given"), [(37, (1, 1)), (38, (1, 0)), (39, (1, 0)), (40, (0, 0))])
def test_overdue_batch_leaves_the_reserve_of_the_day(held: int, given: tuple[int, int]) -> None:
    """A batch that was passed over fifty times comes first, but for what the day keeps for pages."""
    limits = [LIMIT, RateLimit(40, per=86_400.0)]
    state = State.new(shared_rules(limits, reserve=0.05, lease=30.0))
    state.passed_over = 50
    reply = step(state, "both", 1.0, held=held, pages=1, batches=1)
    assert (reply.pages, reply.batches) == given

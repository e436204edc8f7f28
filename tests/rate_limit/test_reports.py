"""What a process still has to tell its store: nothing is lost, and nothing counts as earlier than it was."""

from __future__ import annotations

import attrs

from meltingspot_async.rate_limit._reports import LastStep, Unreported
from meltingspot_async.rate_limit._window import NEVER


def test_nothing_happened_is_nothing_to_report() -> None:
    """A process to which nothing happened has nothing to say, and gave nothing up at any time."""
    nothing = Unreported()
    assert not nothing
    assert nothing.given_up_for(100.0) == 0.0


def test_either_end_of_a_request_is_to_be_reported() -> None:
    """A request that was answered is a reason to report, and so is one that was given up."""
    assert Unreported(answered=1)
    assert Unreported(given_up=1)


def test_requests_given_up_count_from_the_last_one() -> None:
    """Of several requests that were given up, the last decides, in any order; never the future."""
    report = Unreported()
    for at in (7.0, 9.0, 8.0):
        report.give_up(2, at)
    assert (report.given_up, report.given_up_for(11.0), report.given_up_for(8.5)) == (6, 2.0, 0.0)


def test_report_that_may_not_have_arrived_is_added_to_the_next() -> None:
    """All counts are added up, and of times and pauses the latest stays."""
    later = Unreported(1, 2, 5.0, 3, 8.0, 4)
    later.add(Unreported(10, 20, 6.0, 30, 7.0, 2))
    assert later == Unreported(11, 22, 6.0, 33, 8.0, 4)
    later.add(Unreported(0, 1, 4.0, 0, 9.0, 5))
    assert later == Unreported(11, 23, 6.0, 33, 9.0, 5)


def test_first_step_finds_nothing_known() -> None:
    """Before a first step the store knows of no slot and of nobody who waits, and there is nothing to report."""
    assert attrs.astuple(LastStep()) == (0, False, False, -NEVER, NEVER, 0)
    assert attrs.astuple(Unreported()) == (0, 0, -NEVER, 0, -NEVER, 0)

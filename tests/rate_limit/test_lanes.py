"""Who stands where in the queue of one process, and who is served first."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import MeltingSpotError, UsageError
from meltingspot_async.rate_limit._lanes import Lane, Lanes, Waiter

from ..support.limiters import BULK, INTERACTIVE


def waiter() -> Waiter:
    return asyncio.get_running_loop().create_future()


async def test_returned_wait_before_newcomers_in_order_of_arrival() -> None:
    """Those who were refused stand in their old order before all who never were, and are served in it."""
    lane, (first, second, newcomer) = Lane(), (waiter(), waiter(), waiter())
    lane.add(newcomer, None)
    lane.add_again(second, 2.0, 7)
    lane.add_again(first, 1.0, 3)
    assert list(lane) == [(first, 1.0), (second, 2.0), (newcomer, None)]
    for served in (first, second, newcomer):
        assert lane.resolve(1, lambda: None) == 1
        assert served.done()


async def test_cancelled_waiter_costs_nobody_a_slot() -> None:
    """Slots go to as many who still wait, and the lane says how many got one."""
    lane, waiters = Lane(), [waiter() for _ in range(4)]
    for each in waiters:
        lane.add(each, None)
    waiters[0].cancel()
    assert lane.resolve(2, lambda: None) == 2
    assert [each.done() for each in waiters] == [True, True, True, False]
    assert lane.resolve(9, lambda: None) == 1
    assert lane.resolve(9, lambda: None) == len(lane) == 0


async def test_deadlines_are_counted_as_waiters_come_and_leave() -> None:
    """A lane knows how many of its waiters have a deadline, whoever leaves, and however often."""
    lane, (new, returned, other) = Lane(), (waiter(), waiter(), waiter())
    lane.add(new, 1.0)
    lane.add_again(returned, 2.0, 1)
    lane.add(other, None)
    assert (lane.with_deadline, len(lane)) == (2, 3)
    for each, left in ((returned, 1), (other, 1), (new, 0), (new, 0), (returned, 0)):
        lane.remove(each)
        assert lane.with_deadline == left
    lane.add_again(returned, None, 1)
    lane.remove(returned)
    assert (lane.with_deadline, len(lane)) == (0, 0)


async def test_everybody_is_refused_with_an_exception_of_its_own() -> None:
    """Two who are refused for one reason do not share its traceback."""
    lanes, (page, batch) = Lanes(50), (waiter(), waiter())
    lanes.pages.add(page, None)
    lanes.batches.add(batch, None)
    lanes.refuse(lambda: UsageError("closed"))
    errors: list[MeltingSpotError | None] = [page.result(), batch.result()]
    assert [str(error) for error in errors] == ["closed", "closed"]
    assert errors[0] is not errors[1]
    assert not lanes


async def test_place_counts_who_is_served_before() -> None:
    """Before a page are the pages that came earlier; those with a deadline may leave the queue at it."""
    lanes, places = Lanes(2), list[tuple[int, int]]()
    for deadline in (None, 5.0, None, 6.0, None):
        new = waiter()
        lanes.pages.add(new, deadline)
        place = lanes.last(INTERACTIVE, new, deadline)
        assert (place.waiter, place.priority, place.deadline) == (new, INTERACTIVE, deadline)
        places.append((place.ahead, place.staying))
    assert places == [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2)]
    known = [(place.deadline, place.ahead, place.staying) for place in lanes.places_with_deadline()]
    assert known == [(5.0, 1, 1), (6.0, 3, 2)]


@pytest.mark.parametrize(
    ("pages", "ahead", "staying"),
    [(0, [0, 1, 2], [0, 0, 1]), (3, [0, 3, 5], [0, 2, 3]), (9, [0, 3, 6], [0, 2, 5])],
)
async def test_pages_pass_over_a_batch_so_many_times(
    pages: int, ahead: list[int], staying: list[int]
) -> None:
    """Before a batch are the batches that came earlier, and for each of them at most so many pages as may pass over."""
    lanes = Lanes(2)
    for number in range(pages):
        lanes.pages.add(waiter(), 9.0 if number == 0 else None)
    places: list[tuple[int, int]] = []
    for deadline in (5.0, None, 6.0):
        new = waiter()
        lanes.batches.add(new, deadline)
        place = lanes.last(BULK, new, deadline)
        places.append((place.ahead, place.staying))
    assert places == list(zip(ahead, staying, strict=True))
    bulk = [place for place in lanes.places_with_deadline() if place.priority is BULK]
    assert [place.ahead for place in bulk] == [ahead[0], ahead[2]]
    assert [place.staying for place in bulk] == [staying[0], staying[2]]


async def test_queue_without_deadlines_is_not_walked() -> None:
    """Where nobody has a deadline, nobody can be refused for it."""
    lanes = Lanes(50)
    lanes.pages.add(waiter(), None)
    assert not list(lanes.places_with_deadline())

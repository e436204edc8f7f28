"""Whether a list moved: judged in the order of its pages, whichever answer came first."""

from __future__ import annotations

import pytest

from meltingspot_async._paging.movement import Movement


@pytest.mark.parametrize(
    ("totals", "repeated", "lost"),
    [
        ((300, 300, 300), 0, False),
        ((300, 310, 310), 10, False),  # added: items come again
        ((300, 310, 310), 11, True),  # one more changed its place
        ((300, 290, 290), 0, True),  # removed
        ((310, 300, 310), 0, True),  # added, but the page before was answered later
        ((290, 300, 300), 10, False),  # removed, but the page before was answered later: items come again
    ],
)
def test_totals_are_compared_in_the_order_of_the_pages(
    totals: tuple[int, ...], repeated: int, lost: bool
) -> None:
    """A page with a larger total than a later one may have lost items; one with a smaller total explains repeats."""
    movement = Movement()
    for total, again in zip(totals, (0, repeated, 0), strict=True):
        movement.answered(100, total, again, is_first_page=False)
    assert movement.lost_items is lost


@pytest.mark.parametrize(("total", "lost"), [(310, True), (290, False)])
def test_page_0_lies_before_all_others(total: int, lost: bool) -> None:
    """Page 0, read last, is compared with the page that follows it in the list."""
    movement = Movement()
    movement.answered(100, 300, 0, is_first_page=False)
    movement.answered(100, 300, 0, is_first_page=False)
    movement.answered(100, total, 0, is_first_page=True)
    assert movement.lost_items is lost


def test_one_repeat_is_enough_where_totals_say_nothing() -> None:
    """Where each total is the number of its page's items, an item that comes a second time shows that items moved."""
    movement = Movement()
    movement.answered(10, 10, 0, is_first_page=False)
    movement.answered(10, 10, 0, is_first_page=False)
    assert not movement.lost_items
    movement.answered(10, 10, 1, is_first_page=False)
    assert movement.lost_items

"""Whether a list moved: judged in the order of its pages, whichever answer came first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.movement import Movement

SIZE = 5

Kind = Literal["add", "remove", "move"]


@attrs.frozen
class Change:
    """One change of the list: at a place, given as a share of its length."""

    at: float
    to: float

    def of(self, items: Sequence[str], kind: Kind, name: str) -> list[str]:
        """The list after the change."""
        changed = list(items)
        moved = name if kind == "add" or not changed else changed.pop(int(self.at * len(changed)))
        if kind != "remove":
            changed.insert(int(self.to * (len(changed) + 1)), moved)
        return changed


shares = st.floats(0, 1, exclude_max=True)


@given(
    count=st.integers(0, 60),
    kind=st.sampled_from(["add", "remove", "move"]),
    changes=st.lists(st.builds(Change, shares, shares), max_size=6),
    seen_after=st.lists(st.integers(0, 6), min_size=40, max_size=40),
    first_page=st.sampled_from([0, 1]),
)
@settings(max_examples=60)
def test_nothing_is_lost_in_silence_whichever_answer_comes_first(
    count: int, kind: Kind, changes: list[Change], seen_after: list[int], first_page: int
) -> None:
    """What is there from beginning to end is received, or the list is known to have moved, or items to be missing.

    Each page shows the list after some of the changes, in any order: so answers overtake each other.
    """
    states = [[f"item {number}" for number in range(count)]]
    for number, change in enumerate(changes):
        states.append(change.of(states[-1], kind, f"new {number}"))
    lasting = set(states[0]).intersection(*states)
    cursor = PageCursor(SIZE)
    received: list[str] = []
    while cursor.next_page is not None:
        items = states[min(seen_after[cursor.next_page], len(states) - 1)]
        at = (cursor.next_page - first_page) * SIZE
        received += cursor.received(items[at : at + SIZE] if at >= 0 else [], len(items))
    assert len(received) == len(set(received))
    assert lasting <= set(received) or cursor.movement.lost_items or cursor.missing


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
    for total in totals:
        movement.answered(100, total)
    movement.repeated = repeated
    assert movement.lost_items is lost


@pytest.mark.parametrize(("total", "lost"), [(310, True), (290, False)])
def test_page_0_lies_before_all_others(total: int, lost: bool) -> None:
    """Page 0, read last, is compared with the page that follows it in the list."""
    movement = Movement()
    movement.answered(100, 300)
    movement.answered(100, 300)
    movement.answered(100, total, is_first_page=True)
    assert movement.lost_items is lost

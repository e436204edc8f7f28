"""Whether a list moved: judged in the order of its pages, whichever answer came first."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.movement import Movement

SIZE = 5

Kind = Literal["add", "remove", "move"]


def changed(items: Sequence[str], kind: Kind, name: str, chance: random.Random) -> list[str]:
    """The list after one change at a random place."""
    after = list(items)
    moved = name if kind == "add" or not after else after.pop(chance.randrange(len(after)))
    if kind != "remove":
        after.insert(chance.randint(0, len(after)), moved)
    return after


@given(
    count=st.integers(0, 60),
    kind=st.sampled_from(["add", "remove", "move"]),
    changes=st.integers(0, 6),
    chance=st.randoms(use_true_random=False),
    first_page=st.sampled_from([0, 1]),
)
@settings(max_examples=60)
def test_nothing_is_lost_in_silence_whichever_answer_comes_first(
    count: int, kind: Kind, changes: int, chance: random.Random, first_page: int
) -> None:
    """What is there from beginning to end is received, or the list is known to have moved, or items to be missing.

    Each page shows the list after some of the changes, in any order: so answers overtake each other.
    """
    states = [[f"item {number}" for number in range(count)]]
    for number in range(changes):
        states.append(changed(states[-1], kind, f"new {number}", chance))
    lasting = set(states[0]).intersection(*states)
    cursor = PageCursor(SIZE)
    received: list[str] = []
    while cursor.next_page is not None:
        items = chance.choice(states)
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
    for total, again in zip(totals, (0, repeated, 0), strict=True):
        movement.answered(100, total, again)
    assert movement.lost_items is lost


@pytest.mark.parametrize(("total", "lost"), [(310, True), (290, False)])
def test_page_0_lies_before_all_others(total: int, lost: bool) -> None:
    """Page 0, read last, is compared with the page that follows it in the list."""
    movement = Movement()
    movement.answered(100, 300)
    movement.answered(100, 300)
    movement.answered(100, total, is_first_page=True)
    assert movement.lost_items is lost

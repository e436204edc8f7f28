"""Random histories of lists and exports that change while they are read, beside what was there throughout."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from meltingspot_async import NotFoundError
from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.export_cursor import ExportCursor

from ..support.thorough import thorough, try_histories

pytestmark = thorough

SIZE = 5
Answer = tuple[list[str], int] | None
"""The ids of a page and its total, or that there is no such page."""

places = st.integers(0, 10**6)


class MovingList(RuleBasedStateMachine):
    """A list whose pages are asked for ahead, and answered as it is at different moments."""

    def __init__(self, kind: str, first_page: int, past_the_end: str, count: int) -> None:
        super().__init__()
        self.kind, self.first_page, self.past_the_end = kind, first_page, past_the_end
        self.items = [f"item {number}" for number in range(count)]
        self.throughout = set(self.items)
        self.cursor = PageCursor(SIZE)
        self.under_way: dict[int, Answer] = {}
        self.received: list[str] = []

    def answer(self, number: int) -> Answer:
        """What the service answers at this moment."""
        at, total = (number - self.first_page) * SIZE, len(self.items)
        if 0 <= at < total or (at >= 0 and self.past_the_end == "empty"):
            return self.items[at : at + SIZE], total
        if self.past_the_end == "last":
            last = max(0, (total - 1) // SIZE * SIZE)
            return self.items[last:], total
        return None if self.past_the_end == "404" else ([], total)

    @rule(which=st.integers(0, 19))
    def ask(self, which: int) -> None:
        """One of the pages ahead is answered: a later one may be before an earlier one."""
        ahead = [number for number in self.cursor.upcoming(20) if number not in self.under_way]
        for number in ahead[which % (len(ahead) or 1) :][:1]:
            self.under_way[number] = self.answer(number)

    @precondition(lambda self: self.cursor.next_page is not None)
    @rule()
    def read(self) -> None:
        """The next page is received."""
        number = self.cursor.next_page
        assert number is not None
        answer = self.under_way.pop(number) if number in self.under_way else self.answer(number)
        if answer is None:
            self.cursor.refused(NotFoundError(404, "/"))
        else:
            self.received += self.cursor.received(*answer)

    @rule(at=places, to=places)
    def change(self, at: int, to: int) -> None:
        """The list changes. Always in the same way: what others hide, no answer shows."""
        item = f"added {len(self.items)}"
        if self.kind != "add" and self.items:
            item = self.items.pop(at % len(self.items))
        if self.kind != "remove":
            self.items.insert(to % (len(self.items) + 1), item)
        self.throughout &= {*self.items}

    def teardown(self) -> None:
        """Read to its end, nothing came twice, and what was there throughout came, or is known to be missing."""
        for _ in range(100):
            if self.cursor.next_page is not None:
                self.read()
        cursor = self.cursor
        assert cursor.next_page is None
        assert len(self.received) == len(set(self.received))
        is_known = cursor.movement.lost_items or cursor.missing or cursor.refusal is not None
        assert self.throughout <= set(self.received) or is_known


@pytest.mark.parametrize("kind", ["add", "remove", "move"])
@pytest.mark.parametrize("past_the_end", ["empty", "last", "404"])
@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("count", [0, 12, 30])
def test_list_that_moves_loses_nothing_in_silence(
    kind: str, past_the_end: str, first_page: int, count: int
) -> None:
    """What is in a moving list from beginning to end is received once, or the reading knows that it may not be."""
    try_histories(lambda: MovingList(kind, first_page, past_the_end, count), 2, 500)


class GrowingExport(RuleBasedStateMachine):
    """An export of events that go on happening, over answers that are cut short, repeat events, or break off."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.given: list[str] = []
        self.cursor = ExportCursor("/export", {"fromDate[eq]": 0}, {}, 4, None)

    @rule(count=st.integers(1, 40))
    def happen(self, count: int) -> None:
        self.events += [f"event {len(self.events) + number}" for number in range(count)]

    @precondition(lambda self: not self.cursor.is_over)
    @rule(most=st.integers(1, 50), repeats=st.integers(0, 12), breaks_after=st.none() | st.integers(0, 12))
    def ask(self, most: int, repeats: int, breaks_after: int | None) -> None:
        """One request: as many events as the service likes, some of them again."""
        query = self.cursor.query()
        last = query.get("fromEventId")
        begin = 0 if last is None else self.events.index(str(last)) + 1
        answer = self.events[max(0, begin - repeats) : begin + most][: int(query["limit"])]
        self.given += [event for event in answer[:breaks_after] if self.cursor.is_new(event)]
        if breaks_after is None:
            self.cursor.answer_ended()
            if self.cursor.is_over:
                assert self.given == self.events

    def teardown(self) -> None:
        """In order, each event came once."""
        assert self.given == self.events[: len(self.given)]


def test_export_of_growing_events_gives_each_once() -> None:
    """Whatever the answers leave out, repeat or break off, events come in order and once, and the end is the end."""
    try_histories(GrowingExport, 60, 2_000)

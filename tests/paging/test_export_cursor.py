"""Where an export continues: no event lost, none given twice, and an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import InvalidResponseError
from meltingspot_async._http.endpoint import Params
from meltingspot_async._paging.export_cursor import ExportCursor

START: Params = {"fromDate[eq]": 0}


def new_cursor(limit: int = 100, last_id: str | None = None) -> ExportCursor:
    return ExportCursor(
        "/export", {"fromEventId": last_id} if last_id else START, {"toDate[eq]": 9}, limit, last_id
    )


def export(
    events: list[str],
    limit: int,
    *,
    most: int = 10_000,
    repeats: int,
    breaks: list[int],
    begin: str | None = None,
) -> tuple[list[str], int]:
    """What a cursor gives of a service with these events, which repeats so many and breaks off after so many."""
    cursor, given, requests, breaking = new_cursor(limit, begin), list[str](), 0, iter(breaks)
    while not cursor.is_over:
        query = cursor.query()
        requests += 1
        assert requests < 10 * len(events) + 20
        last = query.get("fromEventId")
        first = 0 if last is None else max(0, events.index(str(last)) + 1 - repeats)
        answer = events[first : first + min(int(query["limit"]), most)]
        broken_after = next(breaking, None)
        given += [event for event in answer[:broken_after] if cursor.is_new(event)]
        if broken_after is None or broken_after > len(answer):
            cursor.answer_ended()
    return given, requests


@given(
    count=st.integers(0, 400),
    limit=st.integers(1, 450),
    most=st.integers(2, 450),
    repeats=st.booleans(),
    breaks=st.lists(st.integers(0, 120), max_size=6),
)
def test_every_event_is_given_once(
    count: int, limit: int, most: int, repeats: bool, breaks: list[int]
) -> None:
    """Whatever the service gives at once, repeats, or breaks off, each event is given once and in order."""
    events = [f"e{number}" for number in range(count)]
    assert export(events, limit, most=most, repeats=repeats, breaks=breaks)[0] == events


@given(count=st.integers(1, 300), begin=st.data(), limit=st.integers(1, 350), repeats=st.booleans())
def test_export_begins_after_a_given_event(
    count: int, begin: st.DataObject, limit: int, repeats: bool
) -> None:
    """Begun from an event, the export gives what follows it, and not that event again."""
    events = [f"e{number}" for number in range(count)]
    at = begin.draw(st.integers(0, count - 1))
    assert export(events, limit, repeats=repeats, breaks=[], begin=events[at])[0] == events[at + 1 :]


@pytest.mark.parametrize(
    ("count", "limit", "most", "requests"),
    [
        (0, 10_000, 10_000, 1),
        (40, 10_000, 10_000, 2),
        (25_000, 10_000, 10_000, 4),
        (20_000, 10_000, 10_000, 3),
        (2_500, 10_000, 1_000, 4),
        (7, 3, 10_000, 4),
    ],
)
def test_export_takes_few_requests(count: int, limit: int, most: int, requests: int) -> None:
    """An export takes one request more than there are answers with events, and one if there are none."""
    events = [str(number) for number in range(count)]
    assert export(events, limit, most=most, repeats=False, breaks=[]) == (events, requests)


def test_every_request_has_the_same_filters() -> None:
    """The first request has the beginning, every other the last event, and all have the filters."""
    cursor = new_cursor(limit=7)
    assert cursor.query() == {**START, "toDate[eq]": 9, "limit": 7}
    assert cursor.is_new("a")
    assert not cursor.is_new("a")
    assert cursor.query() == {"fromEventId": "a", "toDate[eq]": 9, "limit": 7}


@given(count=st.integers(1, 300), limit=st.integers(1, 50), repeats=st.integers(0, 300))
def test_answer_full_of_repeats_is_not_the_end(count: int, limit: int, repeats: int) -> None:
    """However many events the service repeats, and however few are asked for at once, each event is given once."""
    events = [str(number) for number in range(count)]
    given, requests = export(events, limit, repeats=repeats, breaks=[])
    assert given == events
    assert requests <= 2 * count / limit + 12


def test_repeated_events_are_dropped() -> None:
    """Any of the last thousand events is dropped when the service repeats it, and no older one is remembered."""
    cursor = new_cursor()
    assert all(cursor.is_new(str(number)) for number in range(1_500))
    assert not any(cursor.is_new(str(number)) for number in range(500, 1_500))
    assert cursor.is_new("0")


def test_export_cannot_continue_after_an_event_without_id() -> None:
    """Events without an id are given, and an export that would have to continue from them says what is missing."""
    cursor = new_cursor()
    cursor.query()
    assert all(cursor.is_new(event) for event in ["a", *[None] * 99])
    cursor.answer_ended()
    assert not cursor.is_over
    with pytest.raises(InvalidResponseError, match=r"\$\.id.*cannot continue"):
        cursor.query()
    assert cursor.is_new("b")
    assert cursor.query()["fromEventId"] == "b"


@pytest.mark.parametrize(
    ("limit", "events", "new", "limit_after", "is_over"),
    [
        (10, 0, 0, 10, True),
        (10, 9, 0, 10, True),
        (10, 9, 1, 10, False),
        (10, 10, 0, 20, False),
        (10, 10, 4, 20, False),
        (10, 10, 5, 10, False),
        (10, 11, 5, 20, False),
        (6_000, 6_000, 1, 10_000, False),
        (10_000, 10_000, 1, 10_000, False),
        (10_000, 10_000, 0, 10_000, True),
    ],
)
def test_answer_decides_whether_more_is_asked_for(
    limit: int, events: int, new: int, limit_after: int, is_over: bool
) -> None:
    """A full answer of mostly repeats doubles what is asked for, up to 10,000; otherwise nothing new is the end."""
    cursor = new_cursor(limit, "known")
    cursor.query()
    for number in range(events):
        cursor.is_new(f"e{number}" if number < new else "known")
    cursor.answer_ended()
    assert (cursor.limit, cursor.is_over) == (limit_after, is_over)

"""Which page is next: lists are read whole and without repeats, however the service numbers and cuts its pages."""

from __future__ import annotations

import itertools
from typing import Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import NotFoundError
from meltingspot_async._paging.cursor import PageCursor

PastTheEnd = Literal["empty", "last", "404"]


@attrs.frozen
class Page:
    """What a cursor learns of a page."""

    ids: tuple[str, ...]
    total: int


def read_through(
    service: list[Page | Exception], limit: int, base: int, most: int = 60
) -> tuple[list[str], int]:
    """Read a service that has these pages, numbered from ``base``; the ids received, and the requests it took."""
    cursor = PageCursor(limit)
    received: list[str] = []
    for requests in itertools.count():
        number = cursor.next_page
        if number is None:
            if cursor.refusal is not None:
                raise cursor.refusal
            return received, requests
        assert requests < most, "the reading does not end"
        position = number - base
        page = service[position] if 0 <= position < len(service) - 1 else service[-1]
        if isinstance(page, Exception):
            cursor.refused(page)
        else:
            received += cursor.received(page.ids, page.total)
    raise AssertionError


def cut(count: int, size: int) -> list[Page | Exception]:
    """A list of that many items, in full pages but for the last."""
    items = [str(number) for number in range(count)]
    return [Page(tuple(items[at : at + size]), count) for at in range(0, count, size)]


@given(
    count=st.integers(0, 120),
    size=st.integers(1, 30),
    limit=st.integers(1, 30),
    base=st.sampled_from([0, 1]),
    past=st.sampled_from(["empty", "last", "404"]),
)
def test_list_is_read_whole_however_pages_are_numbered(
    count: int, size: int, limit: int, base: int, past: PastTheEnd
) -> None:
    """Counted from 0 or from 1, clamped or not, pages give every item once, in few requests."""
    given_at_once = min(size, limit)
    pages = cut(count, given_at_once) or [Page((), 0)]
    beyond: dict[str, Page | Exception] = {
        "empty": Page((), count),
        "last": pages[-1],
        "404": NotFoundError(404, "/"),
    }
    received, requests = read_through([*pages, beyond[past]], limit, base, most=len(pages) + 3)
    assert sorted(received, key=int) == [str(number) for number in range(count)]
    if base == 1 and limit <= size:
        is_full = count > 0 and count % limit == 0
        assert requests == len(pages) + is_full
    assert requests <= len(pages) + 3


def page_of(ids: list[int], total: int) -> Page:
    return Page(tuple(map(str, ids)), total)


@given(
    pages=st.lists(
        st.builds(page_of, st.lists(st.integers(0, 40), max_size=8), st.integers(-1, 60)),
        min_size=1,
        max_size=12,
    ),
    base=st.sampled_from([0, 1]),
)
def test_reading_ends_whatever_the_service_answers(pages: list[Page], base: int) -> None:
    """Short, empty, repeated pages and a total that moves: the reading ends, and gives nothing twice."""
    received, _ = read_through([*pages, pages[-1]], 8, base)
    assert len(received) == len(set(received))


@pytest.mark.parametrize("count", [101, 150, 250, 999])
def test_short_last_page_shows_that_pages_are_counted_from_0(count: int) -> None:
    """Counted from 0, a list whose last page is short costs no wasted request either."""
    pages = cut(count, 100)
    received, requests = read_through([*pages, Page((), count)], 100, 0)
    assert (len(received), requests) == (count, len(pages))


def test_short_page_in_the_middle_does_not_end_the_list() -> None:
    """A page shorter than others, where a list counted from 0 would end, does not end one counted from 1."""
    items = [str(number) for number in range(250)]
    pages: list[Page | Exception] = [
        Page(tuple(items[a:b]), 250) for a, b in ((0, 100), (100, 150), (150, 250))
    ]
    received, _ = read_through([*pages, Page((), 250)], 100, 1)
    assert len(received) == 250


@pytest.mark.parametrize("base", [0, 1])
def test_empty_page_in_the_middle_does_not_end_the_list(base: int) -> None:
    """A page that is empty although more is said to follow keeps none of the pages behind it from being read."""
    pages = cut(480, 100)
    pages[2] = Page((), 480)
    received, _ = read_through([*pages, Page((), 480)], 100, base)
    assert len(received) == 380


def test_empty_pages_end_a_list_whose_total_is_absurd() -> None:
    """A total that no list has costs a few empty pages, not one for each that it would take."""
    pages: list[Page | Exception] = [Page(("a", "b"), 10**30), Page((), 10**30)]
    received, requests = read_through(pages, 2, 1)
    assert (sorted(received), requests) == (["a", "b"], 6)


def test_total_above_the_items_given_does_not_keep_the_reading_going() -> None:
    """Pages that hold nothing new before the total is reached end the list, once page 0 was tried."""
    items = [str(number) for number in range(210)]
    pages: list[Page | Exception] = [
        Page(tuple(items[a:b]), 250) for a, b in ((0, 100), (100, 150), (150, 210))
    ]
    received, requests = read_through([*pages, Page((), 250)], 100, 1)
    assert (len(received), requests) == (210, 5)


@pytest.mark.parametrize("base", [0, 1])
def test_refused_page_is_raised_if_items_are_missing_at_the_end(base: int) -> None:
    """If a page is refused and items are missing at the end, the refusal is raised, not swallowed."""
    error = NotFoundError(404, "/")
    with pytest.raises(NotFoundError):
        read_through([Page(("a",), 5), error, error, error], 1, base)


def test_pages_are_as_many_as_their_real_size_makes() -> None:
    """A service that gives fewer items than asked for has more pages, and all of them can be asked for ahead."""
    cursor = PageCursor(100)
    for page in range(2):
        cursor.received([f"p{page}-{number}" for number in range(50)], 500)
    assert list(cursor.upcoming(20)) == list(range(3, 11))
    assert cursor.pages_left == 8


def test_list_that_has_ended_has_no_pages_left() -> None:
    """At the end of a list, nothing is left to be planned."""
    cursor = PageCursor(100)
    cursor.received(["a", "b"], 2)
    assert (cursor.next_page, cursor.pages_left) == (None, 0)

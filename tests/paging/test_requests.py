"""Which requests a list makes of its service, in which order, and what it makes of refusals: without a network."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, cast

import attrs
import pytest

from meltingspot_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    InvalidItemsError,
    ListChangedError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UsageError,
)
from meltingspot_async._http.list_habits import ListHabits
from meltingspot_async._http.session import SessionManager
from meltingspot_async._paging.cursor import PageCursor
from meltingspot_async._paging.get_many import get_many
from meltingspot_async._paging.listing import Listing
from meltingspot_async._paging.page import ReceivedPage, read_page
from meltingspot_async._paging.reading import Reading
from meltingspot_async._paging.service_list import ServiceList
from meltingspot_async.errors import InvalidResponseError
from meltingspot_async.events import InvalidItem


class Session:
    """What a list needs of a session."""

    def __init__(self) -> None:
        self.list_habits: defaultdict[str, ListHabits] = defaultdict(ListHabits)
        self.reported: list[object] = []
        self.report = self.reported.append

    def shown(self, item: InvalidItem) -> InvalidItem:
        return item


Answer = Callable[[int, int], ReceivedPage[str]]


@attrs.frozen
class Scripted(ServiceList[str]):
    """A list whose answers are a function of the page's number and size. It notes what it was asked for."""

    answer: Answer = attrs.field(kw_only=True)
    asked: list[Any] = attrs.field(factory=list[Any])
    ended: list[Any] = attrs.field(factory=list[Any])

    async def page(self, number: int, size: int) -> ReceivedPage[str]:
        self.asked.append((number, size))
        try:
            await asyncio.sleep(1.0)
            return self.answer(number, size)
        finally:
            self.ended.append(number)

    async def item(self, item_id: str) -> str:
        self.asked.append(item_id)
        await asyncio.sleep(1.0)
        if item_id in "!?":
            raise AuthenticationError(401, "/") if item_id == "!" else NotFoundError(404, "/")
        return item_id


def scripted(answer: Answer, page_size: int = 2) -> tuple[Scripted, Session]:
    session = Session()
    source = Scripted(
        cast("SessionManager", session), "/v1/list", str, page_size, identify=lambda item: item, answer=answer
    )
    return source, session


def page(ids: str, total: int, odd: str = "") -> ReceivedPage[str]:
    invalid = tuple((key, InvalidItem("/v1/list", key, f"$.items[{key}]", "odd")) for key in odd)
    return ReceivedPage(tuple((key, key) for key in ids), invalid, total)


def letters(count: int, total: int | None = None, base: int = 1) -> Answer:
    """A list of so many items that has pages of just the size asked for."""
    items = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]

    def answer(number: int, size: int) -> ReceivedPage[str]:
        at = (number - base) * size
        return page(items[at : at + size] if at >= 0 else "", count if total is None else total)

    return answer


async def test_pages_are_read_ahead_as_many_as_were_used() -> None:
    """With each page that was used one more is under way, and whoever stops early has wasted few."""
    source, _ = scripted(letters(52))
    under_way: list[int] = []
    async with aclosing(Listing(source, "raise", "raise").pages()) as pages:
        async for _ in pages:
            await asyncio.sleep(0)
            under_way.append(len(source.asked) - len(under_way) - 1)
            if len(under_way) == 5:
                break
    assert under_way == [1, 2, 3, 4, 5]
    assert source.asked == [(number, 2) for number in range(1, 11)]
    assert len(source.ended) == len(source.asked)


async def test_at_most_twenty_pages_are_under_way() -> None:
    """However far a reading has come, twenty pages are under way at the most."""
    source, _ = scripted(lambda number, _: ReceivedPage(((str(number), ""),), (), 1_000), page_size=1)
    most = 0
    async with aclosing(Reading(source, PageCursor(1))) as reading:
        for _ in range(45):
            await reading.next()
            reading.read_ahead()
            await asyncio.sleep(0)
            most = max(most, len(reading._under_way))
    assert most == 20


async def test_read_ahead_can_be_bounded() -> None:
    """Who needs fewer pages says so, and one is asked for in any case."""
    source, _ = scripted(letters(20))
    async with aclosing(Reading(source, PageCursor(2))) as reading:
        for most in (1, 1, 2):
            await reading.next(most)
        assert [number for number, _ in source.asked] == [1, 2, 3, 4]
        reading.read_ahead(3)
        await asyncio.sleep(0)
        assert [number for number, _ in source.asked] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("base", "again"), [(1, [1, 2, 3]), (0, [0, 1, 2])])
async def test_list_that_shrank_is_read_again_from_its_first_page(base: int, again: list[int]) -> None:
    """The second reading begins with the page that the first has shown to be the first, and gives what is new."""
    totals = iter((6, 5, 5, 5, 5, 5, 5, 5))

    def answer(number: int, size: int) -> ReceivedPage[str]:
        left = next(totals)
        at = (number - base) * size
        return page(("abcdef" if left == 6 else "bcdef")[at : at + size] if at >= 0 else "", left)

    source, _ = scripted(answer)
    listing = Listing(source, "raise", "raise")
    assert {*"bcdef"} <= {*await listing.to_list()}
    assert [number for number, _ in source.asked[-3:]] == again
    assert listing.missing == 0


async def test_list_that_moves_twice_is_an_error_unless_that_is_ignored() -> None:
    """A list that shrinks in both readings is reported as changed at the end, or taken as it is."""
    totals = list(range(9, 0, -1))

    def answer(number: int, size: int) -> ReceivedPage[str]:
        return page("abcdef"[(number - 1) * size :][:size] if number else "", totals.pop(0))

    source, _ = scripted(answer)
    with pytest.raises(ListChangedError, match="/v1/list"):
        await Listing(source, "raise", "raise").to_list()
    totals[:] = range(9, 0, -1)
    assert await Listing(source, "raise", "ignore").to_list() == [*"abcdef"]


async def test_missing_items_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What the service counts and does not give is in ``missing`` and in the log."""
    source, _ = scripted(letters(3, total=9))
    listing = Listing(source, "raise", "raise")
    assert await listing.to_list() == [*"abc"]
    assert listing.missing == 6
    assert "/v1/list: the list ended with 6 of 9 items missing" in caplog.text


async def test_list_without_gaps_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A whole list is logged by nobody."""
    source, _ = scripted(letters(5))
    listing = Listing(source, "raise", "raise")
    assert await listing.to_list() == [*"abcde"]
    assert (listing.missing, caplog.text) == (0, "")


async def test_odd_items_are_reported_one_by_one_and_raised_together() -> None:
    """Each odd item is an event; the error at the end has their number, the first, and five examples."""
    source, session = scripted(lambda number, _: page("ab", 8, "123456") if number == 1 else page("", 8), 8)
    with pytest.raises(InvalidItemsError) as raised:
        await Listing(source, "raise", "raise").to_list()
    assert (raised.value.count, len(raised.value.examples)) == (6, 5)
    assert raised.value.field == "$.items[1]"
    assert [cast("InvalidItem", item).id for item in session.reported] == [*"123456"]
    assert await Listing(source, "skip", "raise").to_list() == ["a", "b"]


@pytest.mark.parametrize(("limit", "pages"), [(1, [1]), (2, [1]), (3, [1, 2]), (None, [1, 2, 3])])
async def test_no_page_is_read_for_nothing(limit: int | None, pages: list[int]) -> None:
    """A list that is cut short asks for the pages that it needs, and for those that were under way."""
    source, _ = scripted(letters(5))
    found = await Listing(source, "raise", "raise").to_list(limit)
    assert found == [*"abcde"][:limit]
    assert [number for number, _ in source.asked][: len(pages)] == pages
    assert len(source.asked) <= 2 * len(pages)


@pytest.mark.parametrize("limit", [0, -1, True, 1.5])
async def test_limit_is_a_number_of_items(limit: Any) -> None:
    """A limit that is no whole number above 0 is refused before anything is asked."""
    source, _ = scripted(letters(5))
    with pytest.raises(UsageError, match="limit"):
        await Listing(source, "raise", "raise").to_list(limit)
    assert source.asked == []


async def test_first_item_takes_one_page() -> None:
    """The first item is that of the first page, and an empty list has none."""
    source, _ = scripted(letters(5))
    assert await Listing(source, "raise", "raise").first() == "a"
    assert source.asked == [(1, 2)]
    assert await Listing(scripted(letters(0))[0], "raise", "raise").first() is None


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (None, [(1, 1)]),
        (NotFoundError(404, "/"), [(1, 1), (0, 1)]),
        (BadRequestError(400, "/"), [(1, 1), (0, 1)]),
    ],
)
async def test_count_is_one_small_request(error: ApiError | None, asked: list[tuple[int, int]]) -> None:
    """The total is that of a page of one item: page 1, or page 0 if there is no page 1."""

    def answer(number: int, size: int) -> ReceivedPage[str]:
        if error is not None and number == 1:
            raise error
        return page("a", 17)

    source, _ = scripted(answer)
    assert await Listing(source, "raise", "raise").count() == 17
    assert source.asked == asked


@pytest.mark.parametrize("status", [400, 422])
async def test_limit_that_is_refused_is_learned(status: int) -> None:
    """A service that refuses so many items is asked for fewer and fewer, and later lists begin with what it gives."""

    def answer(number: int, size: int) -> ReceivedPage[str]:
        if size > 20:
            raise ApiError(status, "/")
        return page("a", 1)

    source, session = scripted(answer, page_size=70)
    assert await Listing(source, "raise", "raise").to_list() == ["a"]
    assert [size for _, size in source.asked] == [70, 50, 20]
    assert session.list_habits[""].largest_limit == 20
    source.asked.clear()
    assert await Listing(source, "raise", "raise").to_list() == ["a"]
    assert source.asked == [(1, 20)]


async def test_limit_that_was_not_refused_is_not_learned() -> None:
    """A service that gives what is asked for has shown nothing of its largest limit."""
    source, session = scripted(letters(1), page_size=70)
    await Listing(source, "raise", "raise").to_list()
    assert session.list_habits[""].largest_limit is None


async def test_other_refusals_are_raised_at_once() -> None:
    """A refusal that says nothing of a limit ends the list with its own error, after one request."""

    def answer(number: int, size: int) -> ReceivedPage[str]:
        raise PermissionDeniedError(403, "/")

    source, _ = scripted(answer)
    with pytest.raises(PermissionDeniedError):
        await Listing(source, "raise", "raise").to_list()
    assert source.asked == [(1, 2)]


async def test_service_that_refuses_every_limit_says_why() -> None:
    """If every size is refused, page 0 is tried, and then the first refusal is raised."""

    def answer(number: int, size: int) -> ReceivedPage[str]:
        raise BadRequestError(400, "/", f"{number} of {size}")

    source, _ = scripted(answer, page_size=20)
    with pytest.raises(BadRequestError, match="1 of 20"):
        await Listing(source, "raise", "raise").to_list()
    assert source.asked == [(1, 20), (1, 10), (0, 10)]


@pytest.mark.parametrize(
    ("page_size", "largest", "sizes"),
    [
        (100, None, [100, 50, 20, 10]),
        (100, 50, [50, 20, 10]),
        (100, 30, [30, 50, 20, 10]),
        (50, None, [50, 20, 10]),
        (51, None, [51, 50, 20, 10]),
        (7, None, [7]),
        (7, 50, [7]),
    ],
)
def test_sizes_begin_with_what_is_known(page_size: int, largest: int | None, sizes: list[int]) -> None:
    """No more is asked for than was wished or than the service is known to give, each size once."""
    source, session = scripted(letters(0), page_size)
    session.list_habits[""].largest_limit = largest
    assert source.page_sizes() == sizes


async def test_few_ids_are_asked_for_one_by_one() -> None:
    """Two ids are cheaper as single requests, three may stand on one page."""
    for ids, asked in (("ab", ["a", "b"]), ("abc", [(1, 2), "c"])):
        source, _ = scripted(letters(4))
        found = {result.id: result.value async for result in get_many(source, [*ids], 5, raising=False)}
        assert found == {item: item for item in ids}
        assert source.asked == asked


async def test_wrong_key_ends_the_requests() -> None:
    """When the service refuses the key, the ids that are left share the refusal unasked."""
    source, _ = scripted(letters(0))
    results = [result async for result in get_many(source, iter("?!abcdef"), 1, raising=False)]
    assert [item for item in source.asked if isinstance(item, str)] == ["?", "!"]
    assert [result.id for result in results] == [*"?!abcdef"]
    assert [isinstance(result.error, AuthenticationError) for result in results] == [False] + [True] * 7


async def test_failed_page_ends_for_all_or_spares_the_items() -> None:
    """A page that fails takes all ids with it; if it is merely refused, they are asked for one by one."""

    def answer(number: int, size: int) -> ReceivedPage[str]:
        raise error

    for error, is_shared in (
        (ServerError(500, "/"), True),
        (BadRequestError(409, "/"), False),
        (PermissionDeniedError(403, "/"), False),
        (InvalidResponseError("/", "$", "odd"), False),
    ):
        source, _ = scripted(answer)
        results = [result async for result in get_many(source, [*"abc"], 5, raising=False)]
        assert [result.error is error for result in results] == [is_shared] * 3
        assert [item for item in source.asked if isinstance(item, str)] == ([] if is_shared else [*"abc"])


async def test_hundred_odd_items_are_borne() -> None:
    """A page with a hundred odd items is a page, and one with more is not."""
    for odd, is_page in ((100, True), (101, False)):
        document = {"items": [{"id": 1, "n": number} for number in range(odd)], "total": odd}
        reading = read_page(document, str, "/", lambda item: item, lambda drift: None, "call")
        if not is_page:
            with pytest.raises(InvalidResponseError):
                await reading
            continue
        received = await reading
        assert len(received.invalid) == len({key for key, _ in received.invalid}) == 100
        assert {len(key) for key, _ in received.invalid} == {32}
        assert received.invalid[7][1].field.startswith("$.items[7]")
        assert received.invalid[7][1].call_id == "call"


async def test_odd_item_without_id_is_known_by_its_content() -> None:
    """Two odd items of the same content, in whatever order of fields, are one."""
    for first, second, is_one in (
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"id": "x", "a": 1}, {"id": "x", "a": 2}, True),
        ({"id": "", "a": 1}, {"id": "", "a": 2}, False),
    ):
        document = {"items": [first, second], "total": 2}
        received = await read_page(document, str, "/", lambda item: item, lambda drift: None, "call")
        assert (len(set(received.ids)) == 1) == is_one


async def test_large_page_gives_way_to_others() -> None:
    """A page of more than a thousand items gives way before each thousand, a smaller one never."""
    for count, turns in ((1_000, 0), (1_001, 2), (2_000, 2), (2_001, 3)):
        reading = read_page(
            {"items": ["x"] * count, "total": count}, str, "/", lambda item: item, lambda drift: None, "call"
        )
        assert suspensions(reading) == turns


def suspensions(running: Coroutine[Any, Any, object]) -> int:
    """How often something gives way to others."""
    for number in itertools.count():
        try:
            running.send(None)
        except StopIteration:
            return number
    raise AssertionError

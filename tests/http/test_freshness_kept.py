"""Which answers are kept: the newer of two, no more than entries, and none that was to be forgotten."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import CourseParticipant, Freshness, MeltingSpotClient, NotFoundError, UsageError
from meltingspot_async._http.freshness import KeptAnswers, Key
from meltingspot_async.testing import Answer, Delay, make_course_participant

from ..support.calls import get
from ..support.fresh import Course, fresh_course

POLICY = Freshness(max_age=30.0, stale_if_error=600.0, entries=3)


async def read_list(course: Course) -> None:
    """Read the list of the course."""
    await course.client.course_participants.list("c").to_list()


async def test_older_answer_that_arrives_late_does_not_replace_a_newer_one() -> None:
    """A list that was asked for before a single get, and answered after it, leaves the newer answer in place."""
    async with fresh_course(1) as course:
        course.fake.fail(Delay(5.0))
        listing = asyncio.create_task(read_list(course))
        await asyncio.sleep(1.0)
        course.change(80)
        assert await course.rate() == 80
        await listing
        assert await course.rate() == 80
        assert len(course.fake.received) == 2


async def test_newer_answer_replaces_an_older_one_whichever_arrives_first() -> None:
    """A list that was asked for after a single get is what is given from then on."""
    async with fresh_course(1) as course:
        await get(course.client)
        course.change(80)
        await read_list(course)
        assert await course.rate() == 80
        assert len(course.fake.received) == 2


async def test_order_is_that_of_the_requests_and_not_of_the_calls() -> None:
    """A caller who joins a request later does not make its answer newer than a list that was asked for in between."""
    async with fresh_course(1) as course:
        course.fake.fail(Delay(5.0))
        first = get(course.client)
        await asyncio.sleep(1.0)
        course.change(80)
        await read_list(course)
        second = get(course.client.with_options(freshness=Freshness(max_age=0.5)))
        await asyncio.gather(first, second)
        assert await course.rate() == 80


async def test_item_that_is_gone_does_not_come_back_with_an_older_list() -> None:
    """After a 404, a list that was asked for before it does not let the item be given again."""
    async with fresh_course(1) as course:
        course.fake.fail(Delay(5.0))
        listing = asyncio.create_task(read_list(course))
        await asyncio.sleep(1.0)
        course.fake.fail(Answer(404))
        with pytest.raises(NotFoundError):
            await get(course.client)
        await listing
        await get(course.client)
        assert len(course.fake.received) == 3


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (None, [0, 1]),
        ("/v1/courses", [0, 1]),
        ("/v1/courses/c", [0, 1]),
        ("/v1/courses/c/participants/participant-1", [1]),
        ("/v1/courses/c/participants/participant", []),
        ("/v1/lives", []),
    ],
)
async def test_forgotten_answers_are_asked_for_again(path: str | None, asked: list[int]) -> None:
    """After forget, what stands at a path or below it, by default anything, is asked for again, in all copies."""
    async with fresh_course(2) as course:
        await read_list(course)
        await get(course.client, 1)
        course.fake.received.clear()
        course.client.with_options(deadline=5.0).forget(path)
        for number in range(2):
            await get(course.client, number)
        assert [request.path[-1] for request in course.fake.received] == [str(number) for number in asked]


async def test_answer_that_was_on_its_way_is_forgotten_too() -> None:
    """What was asked for before forget is given to its caller, and not again."""
    async with fresh_course(1) as course:
        course.fake.fail(Delay(5.0))
        caller = get(course.client)
        await asyncio.sleep(1.0)
        course.client.forget()
        await caller
        await get(course.client)
        assert len(course.fake.received) == 2


def test_forget_needs_no_loop_and_refuses_what_is_no_path() -> None:
    """A client forgets when told to, with or without a loop, and a path that cannot be asked for is a UsageError."""
    client = MeltingSpotClient("k", freshness=POLICY)
    client.forget()
    with pytest.raises(UsageError, match="not a path"):
        client.forget("v1/courses")


@pytest.mark.parametrize("headers", [{"X-Tenant": "b"}, None])
async def test_answers_to_other_headers_are_others(headers: dict[str, str] | None) -> None:
    """What was asked for with other headers is not given again, and has an age of its own."""
    async with fresh_course(1, headers={"X-Tenant": "a"}) as course:
        other = course.client.with_options(headers=headers)
        for asked in (2, 2, 4):
            for client in (course.client, other):
                await get(client)
            assert len(course.fake.received) == asked
            await asyncio.sleep(20.0)


async def test_least_recently_used_goes_first() -> None:
    """With entries=3, the fourth item takes the place of the one that was not asked for the longest."""
    async with fresh_course(4, freshness=POLICY) as course:
        for number in (0, 1, 2, 0, 3):
            await get(course.client, number)
        assert len(course.fake.received) == 4
        for number in (0, 2, 3):
            await get(course.client, number)
        assert len(course.fake.received) == 4
        await get(course.client, 1)
        assert len(course.fake.received) == 5


async def test_batch_takes_no_room_from_pages() -> None:
    """A list of more items than can be kept leaves what pages asked for in place, and is bounded itself."""
    async with fresh_course(250, freshness=Freshness(entries=10)) as course:
        for number in range(8):
            await get(course.client, number)
        await read_list(course)
        kept = course.client.session_manager.fresh.kept
        assert len(kept) == 10
        course.fake.received.clear()
        for number in (*range(8), 249):
            await get(course.client, number)
        assert not course.fake.received


def test_what_a_list_brings_is_kept_for_a_moment_at_least() -> None:
    """Where pages use all the room there is, the last item of a list takes the place of the least recently used."""
    kept = KeptAnswers()
    keys = [Key.of(f"/v1/forums/{name}", str, ()) for name in "abcde"]
    for number, key in enumerate(keys):
        kept.keep(key, key.path, number, freshness=POLICY, now=0.0, listed=number > 2)
    found = [kept.find(key, POLICY, 0.0) is not None for key in keys]
    assert found == [False, True, True, False, True]


async def test_ids_that_no_get_can_ask_for_are_not_kept() -> None:
    """An item of a list whose id is no segment of a path is given by the list, and not kept."""
    async with fresh_course(0) as course:
        course.fake.add(attrs.evolve(make_course_participant(0, course_id="c"), id="."))
        listed = await course.client.course_participants.list("c").to_list()
        assert [participant.id for participant in listed] == ["."]
        assert not len(course.client.session_manager.fresh.kept)


def test_what_nobody_asked_for_in_a_while_is_given_up() -> None:
    """An answer that is of no use any more leaves the memory when others arrive."""
    kept = KeptAnswers()
    keys = [Key.of(f"/v1/forums/{name}", str, ()) for name in "abc"]
    kept.keep(keys[0], "a", 1, freshness=POLICY, now=0.0)
    kept.keep(keys[1], "b", 2, freshness=POLICY, now=100.0, listed=True)
    kept.keep(keys[2], "c", 3, freshness=POLICY, now=640.0)
    assert len(kept) == 2
    kept.keep(keys[0], "a", 4, freshness=POLICY, now=740.0)
    assert len(kept) == 2
    assert kept.find(keys[1], POLICY, 740.0) is None


def test_older_answer_does_not_come_in_after_a_newer_one_was_given_up() -> None:
    """An answer that had to make room is not replaced by one that was asked for before it."""
    one, kept = Freshness(entries=1), KeptAnswers()
    first, second = (Key.of(f"/v1/forums/{name}", str, ()) for name in "ab")
    kept.keep(first, "newer", 5, freshness=one, now=0.0)
    kept.keep(second, "other", 6, freshness=one, now=0.0)
    kept.keep(first, "older", 4, freshness=one, now=0.0)
    assert kept.find(first, one, 0.0) is None
    assert kept.find(second, one, 0.0)


def test_answer_counts_as_asked_for_unless_it_was_listed() -> None:
    """What somebody asked for outlives what a list brought afterwards."""
    kept = KeptAnswers()
    keys = [Key.of(f"/v1/forums/{name}", str, ()) for name in "abc"]
    kept.keep(keys[0], "a", 1, freshness=TWO, now=0.0)
    for number, key in enumerate(keys[1:], 2):
        kept.keep(key, "listed", number, freshness=TWO, now=0.0, listed=True)
    assert [kept.find(key, TWO, 0.0) is not None for key in keys] == [True, False, True]


TWO = Freshness(entries=2)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["page", "list", "gone", "find", "forget"]), st.integers(0, 5), st.integers(0, 3)
    ),
    max_size=60,
)


@settings(max_examples=100)
@given(EVENTS)
def test_kept_answer_is_always_the_newest_and_never_more_than_entries(
    events: list[tuple[str, int, int]],
) -> None:
    """Whatever arrives in whatever order, no answer is given that is older than one known before, and no more are kept
    than entries.
    """
    kept, newest = KeptAnswers(), dict[int, int]()
    for what, number, delay in events:
        key = Key.of(f"/v1/forums/{number}", CourseParticipant, ())
        asked = max(1, next(kept.numbers) - delay)
        if what == "find":
            found = kept.find(key, TWO, 0.0)
            assert found is None or (found.asked, found.value) == (newest[number], newest[number])
        elif what == "forget":
            kept.forget()
            newest = dict.fromkeys(range(4), next(kept.numbers) - 1)
        else:
            value = None if what == "gone" else asked
            kept.keep(key, value, asked, freshness=TWO, now=0.0, listed=what != "page")
            newest[number] = max(asked, newest.get(number, 0))
        assert len(kept) <= TWO.entries

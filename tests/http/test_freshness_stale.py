"""Older answers in place of errors."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest

from meltingspot_async import (
    ApiError,
    AuthenticationError,
    CallEnded,
    FreshAnswer,
    Freshness,
    LimiterUnavailableError,
    MeltingSpotError,
    NotFoundError,
    PermissionDeniedError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RefreshFailed,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    StaleAnswer,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, make_course_participant

from ..support.calls import PATH, failure, get, outcome
from ..support.clock import now, tasks_left
from ..support.course import WIDE
from ..support.fresh import POLICY, Course, fresh_course

DOWN = Answer(503)


@asynccontextmanager
async def expired(size: int = 2, **options: Any) -> AsyncGenerator[Course]:
    """A course whose first two participants were received 40 s ago, and have changed since."""
    async with fresh_course(size, **options) as course:
        for number in range(2):
            await get(course.client, number)
            course.change(80, number)
        await asyncio.sleep(40.0)
        course.fake.received.clear()
        yield course


async def test_outage_of_five_minutes_is_answered_from_what_was_seen() -> None:
    """In an outage every id seen before is answered: the first call after one attempt, all others within 50 ms."""
    chance = random.Random(7)
    fake = FakeMeltingSpot(cold=0.2, warm=0.2, limits=[WIDE])
    async with fresh_course(fake=fake) as course:
        await asyncio.gather(*(get(course.client, number) for number in range(50)))
        await asyncio.sleep(31.0)
        course.fake.received.clear()
        course.fake.fail(*[DOWN] * 10_000)
        slow = 0
        for _ in range(60):
            for number in chance.choices(range(50), k=5):
                asked = now()
                assert await course.rate(number) == 0
                slow += now() - asked > 0.05
            await asyncio.sleep(5.0)
        assert slow == 1
        assert len(course.fake.received) < 30
        assert 300.0 < max(answer.age for answer in course.given if isinstance(answer, StaleAnswer)) < 340.0


async def test_end_of_an_outage_is_seen_by_the_refresh_behind() -> None:
    """While the service fails one refresh at a time goes on behind; when one succeeds, everybody asks again."""
    async with expired(retry=RetryPolicy(backoff_base=1.0)) as course:
        course.fake.fail(DOWN, DOWN)
        assert [await course.rate(number) for number in (0, 1, 0, 1)] == [0, 0, 0, 0]
        await asyncio.sleep(1.1)
        assert len(course.fake.received) == 2
        assert str(course.given[-1]) == f"GET {PATH}: not refreshed (ServerError)"
        assert await course.rate() == 0
        await asyncio.sleep(1.9)
        assert len(course.fake.received) == 2
        await asyncio.sleep(0.2)
        assert len(course.fake.received) == 3
        assert await course.rate() == 80
        assert len(course.fake.received) == 3
        assert await course.rate(1) == 80
        assert len(course.fake.received) == 4


async def test_refresh_behind_waits_as_long_as_the_service_asks() -> None:
    """A Retry-After of the failure holds the refresh back, up to max_retry_after."""
    async with expired() as course:
        course.fake.fail(
            Answer(503, headers={"Retry-After": "20"}), Answer(503, headers={"Retry-After": "3600"})
        )
        for waited, asked in ((0.0, 1), (19.0, 1), (2.0, 2), (59.0, 2), (2.0, 3)):
            await asyncio.sleep(waited)
            await course.rate()
            assert len(course.fake.received) == asked
        assert await course.rate() == 80


async def test_caller_can_tell_how_old_an_answer_is_and_why() -> None:
    """A stale answer is an event with its age and the error in whose place it is given."""
    async with expired() as course:
        course.fake.fail(DOWN)
        assert await course.rate() == 0
        (given,) = course.given
        assert isinstance(given, StaleAnswer)
        assert (given.path, given.error) == (PATH, "ServerError")
        assert given.age == pytest.approx(40.0, abs=0.1)
        assert str(given) == f"GET {PATH}: given again, 40.000 s old, because of ServerError"


async def test_older_answer_is_reported_with_the_call_that_failed() -> None:
    """A stale answer has the id of the failed call in whose place it is given, and an id of its own without one."""
    async with expired() as course:
        course.fake.fail(DOWN, DOWN)
        assert [await course.rate() for _ in range(2)] == [0, 0]
        await asyncio.sleep(1.0)
        failed = [e.call_id for e in course.events if isinstance(e, CallEnded) and e.error]
        first, second, behind = (given.call_id for given in course.given)
        assert failed == [first, behind]
        assert len({first, second, behind}) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answer(500), "ServerError"),
        (Answer(502), "ServerError"),
        (Answer(408), "ApiError"),
        (Reset(), "TransportError"),
        (Delay(100.0), "RequestTimeoutError"),
        (Answer(429, headers={"Retry-After": "5"}), "RateLimitError"),
        (Answer(429, headers={"Retry-After": "3600"}), "QuotaExhaustedError"),
        (Answer(200, b"<html>We are back soon</html>"), "InvalidResponseError"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_every_failure_that_says_nothing_of_the_item_is_covered(fault: Fault, error: str) -> None:
    """Whichever way the service fails, the older answer is given, after one attempt."""
    async with expired() as course:
        course.fake.fail(fault)
        assert await course.rate() == 0
        (given,) = course.given
        assert isinstance(given, StaleAnswer)
        assert given.error == error
        assert len(course.fake.received) == 1


@pytest.mark.parametrize("error", [LimiterUnavailableError("ConnectionError"), QuotaExhaustedError(90.0)])
async def test_limiter_that_gives_no_slot_is_covered(
    error: MeltingSpotError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no slot can be had, the older answer is given, and nothing is sent. A used-up allowance needs no refresh."""
    limiter = SlidingWindowLimiter([WIDE])

    def refuse(priority: Priority, deadline: float | None) -> None:
        raise error

    async with expired(limiter=limiter) as course:
        with monkeypatch.context() as patched:
            patched.setattr(limiter, "slot", refuse)
            assert [await course.rate() for _ in range(3)] == [0, 0, 0]
            assert {e.error for e in course.given if isinstance(e, StaleAnswer)} == {type(error).__name__}
            await asyncio.sleep(1.0)
        is_used_up = isinstance(error, QuotaExhaustedError)
        assert sum(isinstance(e, RefreshFailed) for e in course.given) == (not is_used_up)
        assert not course.fake.received
        assert await course.rate() == (80 if is_used_up else 0)


async def test_wait_that_does_not_fit_the_deadline_is_covered() -> None:
    """When the queue is too long for the deadline, the older answer is given at once, and a refresh takes its turn."""
    async with expired(limiter=SlidingWindowLimiter([RateLimit(2, per=60.0)])) as course:
        await get(course.client.with_options(freshness=None))
        await get(course.client.with_options(freshness=None))
        hasty = course.client.with_options(deadline=3.0)
        course.change(90)
        asked = now()
        assert [await course.rate(client=hasty) for _ in range(3)] == [0, 0, 0]
        assert now() - asked < 0.05
        assert {e.error for e in course.given if isinstance(e, StaleAnswer)} == {"DeadlineExceededError"}
        await asyncio.sleep(70.0)
        assert len(course.fake.received) == 3
        assert await course.rate(client=hasty.with_options(freshness=Freshness(max_age=60.0))) == 90
        assert len(course.fake.received) == 3


async def test_deadline_that_passes_is_covered() -> None:
    """When the service does not answer within the deadline, the older answer is given, and at once from then on."""
    async with expired(deadline=3.0) as course:
        course.fake.fail(Delay(20.0))
        asked = now()
        assert await course.rate() == 0
        assert now() - asked == pytest.approx(3.0, abs=0.05)
        asked = now()
        assert [await course.rate(number) for number in (0, 1, 0)] == [0, 0, 0]
        assert now() - asked < 0.05


async def test_one_odd_item_does_not_age_the_others() -> None:
    """A 500 is trouble with one item: it is given at once, with refreshes behind, and others are asked for as ever."""
    async with expired() as course:
        course.fake.fail(Answer(500))
        assert [await course.rate(number) for number in (0, 0, 1, 0)] == [0, 0, 80, 0]
        assert len(course.fake.received) == 2
        await asyncio.sleep(1.0)
        assert await course.rate() == 80
        assert len(course.fake.received) == 3


async def test_odd_items_are_refreshed_beside_each_other() -> None:
    """Items with trouble of their own do not wait for each other's refresh."""
    async with expired() as course:
        course.fake.fail(Answer(500), Answer(500))
        assert [await course.rate(number) for number in (0, 1)] == [0, 0]
        await asyncio.sleep(0.6)
        assert len(course.fake.received) == 4
        assert [await course.rate(number) for number in (0, 1)] == [80, 80]


async def test_answer_older_than_both_ages_is_an_error() -> None:
    """After max_age and stale_if_error the error is the caller's, after all retries."""
    async with expired(retry=RetryPolicy(attempts=3)) as course:
        await asyncio.sleep(580.0)
        course.fake.fail(*[DOWN] * 100)
        assert await course.rate() == 0
        await asyncio.sleep(20.0)
        course.fake.received.clear()
        assert isinstance(await outcome(course.client), ServerError)
        assert len(course.fake.received) >= 3


async def test_answer_that_grows_too_old_during_the_attempt_is_not_given() -> None:
    """An answer that passes its age while the service hangs is not given after that."""
    async with expired(freshness=Freshness(30.0, 15.0)) as course:
        course.fake.fail(Delay(100.0))
        assert isinstance(await outcome(course.client), MeltingSpotError)
        assert not course.given


async def test_list_read_in_the_meantime_is_given_instead() -> None:
    """When an attempt fails and a list has brought a newer answer meanwhile, that one is given."""
    async with expired() as course:
        course.fake.fail(Delay(100.0))
        page = get(course.client)
        await asyncio.sleep(10.0)
        await course.client.course_participants.list("c").to_list()
        assert (await page).completion_rate == 80
        assert [type(given) for given in course.given] == [FreshAnswer]


async def test_list_in_an_outage_fails_as_ever() -> None:
    """A list is never made of older answers."""
    async with expired(retry=RetryPolicy(attempts=1)) as course:
        course.fake.fail(DOWN)
        with pytest.raises(ServerError):
            await course.client.course_participants.list("c").to_list()
        assert not course.given


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError)]
)
async def test_refusal_ends_what_was_kept(status: int, error: type[ApiError]) -> None:
    """A 401, 403 or 404 is the caller's, and the item is not given again after it; a 401 ends everything kept."""
    async with expired(retry=RetryPolicy(attempts=1)) as course:
        course.fake.fail(Answer(status), DOWN)
        assert isinstance(await failure(course.client), error)
        assert isinstance(await failure(course.client), ServerError)
        assert not course.given
        course.fake.fail(DOWN)
        other = await outcome(course.client, 1)
        assert isinstance(other, ServerError) is (status == 401)


async def test_refusal_of_another_kind_is_the_callers() -> None:
    """A 400 is an error, whatever was kept."""
    async with expired() as course:
        course.fake.fail(Answer(400))
        assert isinstance(await failure(course.client), ApiError)
        assert not course.given


async def test_refusal_shows_that_an_outage_is_over() -> None:
    """A 404 that the refresh behind gets ends the item, and everybody asks the service again."""
    async with expired() as course:
        course.fake.fail(DOWN, Answer(404))
        assert await course.rate() == 0
        await asyncio.sleep(1.0)
        assert str(course.given[-1]) == f"GET {PATH}: not refreshed (NotFoundError)"
        assert await course.rate(1) == 80
        assert await course.rate() == 80


async def test_herd_in_an_outage_is_one_attempt_and_one_refresh() -> None:
    """Callers who find the answer expired together in an outage share one attempt, and all get the older answer."""
    async with expired() as course:
        course.fake.fail(DOWN, DOWN)
        assert set(await asyncio.gather(*(course.rate() for _ in range(100)))) == {0}
        assert len(course.fake.received) == 1
        assert len(course.given) == 100
        await asyncio.sleep(0.6)
        assert len(course.fake.received) == 2


async def test_refresh_is_left_out_if_a_list_brings_a_newer_answer() -> None:
    """A refresh that waits for its time is not sent when the answer has been renewed meanwhile."""
    async with expired() as course:
        course.fake.fail(DOWN)
        await course.rate()
        await course.client.course_participants.list("c").to_list()
        await asyncio.sleep(1.0)
        assert [type(given) for given in course.given] == [StaleAnswer]
        assert len(course.fake.received) == 2


@pytest.mark.parametrize("waited", [0.1, 1.0])
async def test_closing_ends_the_refresh_behind(waited: float) -> None:
    """A refresh that waits or is under way when the client is closed ends there, and none begins after it."""
    before = asyncio.all_tasks()
    async with expired() as course:
        course.fake.fail(DOWN, Delay(500.0))
        await course.rate()
        await asyncio.sleep(waited)
        closed = now()
        await course.client.aclose()
        assert now() - closed < 0.1
        assert not await tasks_left(before)
        assert [type(given) for given in course.given] == [StaleAnswer]


async def test_no_refresh_begins_while_the_client_is_closed() -> None:
    """Stale answers that are given while the client closes, and waits for its calls to end, leave nothing behind."""
    async with expired() as course:
        course.fake.fail(DOWN, Delay(50.0))
        await course.rate()
        call = asyncio.create_task(course.client.get(PATH))
        await asyncio.sleep(0.1)
        closing = asyncio.create_task(course.client.aclose())
        while not closing.done():
            with suppress(UsageError):
                await course.client.course_participants.get("c", "participant-0")
            await asyncio.sleep(0)
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(1.0)
        assert len(course.given) > 2
        assert {type(given) for given in course.given} == {StaleAnswer}


async def test_batch_is_given_fresh_and_stale_answers_like_a_page() -> None:
    """A single get in bulk reads what is kept, and its refresh behind is in bulk, too."""
    async with expired() as course:
        bulk = course.client.with_options(priority=Priority.BULK)
        course.fake.fail(DOWN)
        assert await course.rate(client=bulk) == 0
        await asyncio.sleep(1.0)
        assert await course.rate() == 80
        assert len(course.fake.received) == 2


async def test_id_that_is_an_email_is_shown_as_a_template() -> None:
    """The events of kept answers show {id} for an id that is an email."""
    async with fresh_course(1, freshness=attrs.evolve(POLICY, max_age=5.0)) as course:
        email = "grace@example.com"
        course.fake.add(attrs.evolve(make_course_participant(0, course_id="c"), id=email))
        for waited in (0.0, 0.0, 10.0):
            await asyncio.sleep(waited)
            course.fake.fail(*[DOWN] * 2 if waited else [])
            await course.client.course_participants.get("c", email)
        await asyncio.sleep(1.0)
        assert len(course.given) == 3
        assert {given.path for given in course.given} == {"/v1/courses/c/participants/{id}"}
        assert "grace" not in repr(course.events)

"""get_many where something fails: each id has its own result, and no request is wasted on the others."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    AuthenticationError,
    InvalidResponseError,
    NotFoundError,
    QuotaExhaustedError,
    RateLimit,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate

from ..support.clock import run_virtual
from ..support.course import WIDE, course, fetch


async def test_failure_is_a_result() -> None:
    """One id that fails does not keep the others from being fetched."""
    async with course(2, retry=RetryPolicy(attempts=1)) as (fake, client, ids):
        fake.fail(Answer(200, b"{}"))
        results = await fetch(client, ids, concurrency=1)
        assert [type(result.error) for result in results] == [InvalidResponseError, type(None)]
        assert results[0].value is None


async def test_failure_ends_the_iteration_with_on_error_raise() -> None:
    """With on_error="raise" the first failure is raised, and what was under way is given up."""
    async with course(1_000) as (fake, client, ids):
        fake.fail(Answer(200, b"[]"), Answer(403), *[Delay(500.0)] * 50)
        with pytest.raises(UsageError):
            await fetch(client, ids[:2], on_error="ignore")
        with pytest.raises(InvalidResponseError):
            await fetch(client, ids[:2], on_error="raise", concurrency=1)
        assert len(fake.received) == 1


async def test_all_results_are_given_with_on_error_raise() -> None:
    """With on_error="raise" every result is given as long as nothing fails."""
    async with course(5) as (_, client, ids):
        results = await fetch(client, ids, on_error="raise")
        assert sorted(result.id for result in results if result.value) == ids


async def test_page_with_one_bad_item_costs_no_other_its_result() -> None:
    """An item of a page that is not as documented is asked for by itself, and the others are not."""
    async with course(5) as (fake, client, ids):
        fake.add_documents("/v1/courses/c/participants", {"id": "odd"})
        results = {result.id: result for result in await fetch(client, [*ids, "odd"])}
        assert isinstance(results.pop("odd").error, InvalidResponseError)
        assert all(result.value for result in results.values())
        assert len(fake.received) == 2


async def test_page_of_another_shape_costs_no_id_its_result() -> None:
    """When a page as a whole is not as documented, its participants are asked for singly."""
    async with course(5) as (fake, client, ids):
        fake.fail(Answer(200, b'{"items": {}, "total": 5}'))
        assert all(result.value for result in await fetch(client, ids))
        assert len(fake.received) == 6


async def test_unknown_course_costs_two_requests() -> None:
    """A course the service does not know is every id's error, without asking for each."""
    async with course(5) as (fake, client, ids):
        results = [r async for r in client.course_participants.get_many("nowhere", ids)]
        assert [type(result.error) for result in results] == [NotFoundError] * 5
        assert len(fake.received) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "requests"),
    [(Answer(401), AuthenticationError, 1), (Answer(503), ServerError, 2)],
)
async def test_outage_or_refused_key_is_not_tried_id_by_id(
    fault: Fault, kind: type[Exception], requests: int
) -> None:
    """A refused key or an outage is every id's error, after the attempts of one request."""
    async with course(500, retry=RetryPolicy(attempts=2)) as (fake, client, ids):
        fake.fail(*[fault] * 1_000)
        results = await fetch(client, ids)
        assert [type(result.error) for result in results] == [kind] * 500
        assert [(result.id, result.value) for result in results] == [(item_id, None) for item_id in ids]
        assert len(fake.received) == requests


async def test_key_refused_in_the_middle_spares_the_other_requests() -> None:
    """When single requests meet a 401, those that were not sent yet are not sent."""
    async with course(500) as (fake, client, ids):
        fake.fail(*[Answer(400)] * 5, *[Answer(401)] * 1_000)
        results = await fetch(client, ids, concurrency=5)
        assert [type(result.error) for result in results] == [AuthenticationError] * 500
        assert sorted(result.id for result in results) == sorted(ids)
        assert len(fake.received) == 5 + 5


async def test_page_refused_in_the_middle_is_replaced_by_single_requests() -> None:
    """A page in the middle that is refused does not make its participants unknown."""
    async with course(300) as (fake, client, ids):
        fake.fail(Delay(0.0), Answer(404), Answer(404))
        assert all(result.value for result in await fetch(client, ids))


async def test_used_up_allowance_is_the_result_of_every_remaining_id() -> None:
    """When the allowance ends in the middle, the results so far are given and the others say so, unsent."""
    limiter = SlidingWindowLimiter([RateLimit(30, per=86_400.0)])
    async with course(100, fake=FakeMeltingSpot(limits=[WIDE], largest_page=1), limiter=limiter) as (
        fake,
        client,
        ids,
    ):
        results = await fetch(client, ids)
        assert len(results) == 100
        assert sum(result.value is not None for result in results) >= 27
        assert {type(r.error) for r in results if r.error} == {QuotaExhaustedError}
        assert len(fake.received) == 28  # the other two are kept for pages


@given(
    size=st.integers(0, 120),
    wanted=st.lists(st.integers(0, 150), max_size=150),
    first_page=st.sampled_from([0, 1]),
    largest=st.integers(1, 120),
    past=st.sampled_from(["empty", "last", "404"]),
    faults=st.lists(
        st.sampled_from([Answer(503), Answer(200, b"{}"), Reset(), Truncate(), Answer(429)]), max_size=6
    ),
)
@settings(max_examples=40)
def test_every_id_has_one_result(
    size: int,
    wanted: list[int],
    first_page: Literal[0, 1],
    largest: int,
    past: Literal["empty", "last", "404"],
    faults: list[Fault],
) -> None:
    """Whatever the service does, each distinct id has one result, and it is right: its participant or an error."""

    async def main() -> None:
        fake = FakeMeltingSpot(limits=[WIDE], first_page=first_page, largest_page=largest, past_the_end=past)
        async with course(size, fake=fake, retry=RetryPolicy(attempts=9)) as (_, client, ids):
            fake.fail(*faults)
            asked = [f"participant-{number}" for number in wanted]
            results = await fetch(client, asked)
            assert sorted(r.id for r in results) == sorted(set(asked))
            for result in results:
                assert (result.value is None) != (result.error is None)
                assert result.value is None or result.value.id == result.id
                if result.id not in ids:
                    assert isinstance(result.error, NotFoundError | InvalidResponseError)

    run_virtual(main())

"""A 429 costs time: neither attempts nor answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from meltingspot_async import (
    CourseParticipant,
    DeadlineExceededError,
    MeltingSpotClient,
    Priority,
    RateLimit,
    RateLimitError,
    RetryPolicy,
    SlidingWindowLimiter,
)
from meltingspot_async.testing import Answer, FakeMeltingSpot

from ..support.calls import get, serving
from ..support.clock import now


async def test_key_that_another_program_uses_fails_no_call() -> None:
    """Beside a program that has used most of the key, gathered gets are all answered, whatever is refused meanwhile."""
    limiter = SlidingWindowLimiter([RateLimit(10_000, per=10.0)])
    async with serving(coalesce=False) as (fake, client):
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as other:
            await asyncio.gather(*(get(other, number) for number in range(80)))
        answers = await asyncio.gather(*(get(client, number % 200) for number in range(150)))
        assert all(isinstance(answer, CourseParticipant) for answer in answers)
        assert any(request.refused for request in fake.received)


async def test_refusals_for_a_whole_window_fail_no_call() -> None:
    """A service that refuses everything for a window, and names no time, costs time and no answer."""
    async with serving(coalesce=False) as (fake, client):
        fake.fail(*[Answer(429)] * 1_000)
        asyncio.get_running_loop().call_later(10.0, fake._faults.clear)
        await asyncio.gather(*(get(client, number) for number in range(30)))
        assert (
            len(fake.received) <= 30 + 30 + 6
        )  # refused together; answered; one that finds out after each pause


async def test_refusals_for_ever_end_the_call_after_max_throttled() -> None:
    """A call lets itself be turned away for max_throttled seconds in all, and then says so."""
    async with serving(retry=RetryPolicy(max_throttled=30.0, attempts=1)) as (fake, client):
        fake.fail(*[Answer(429)] * 100)
        started = now()
        with pytest.raises(RateLimitError) as refused:
            await get(client)
        assert now() - started == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 10, abs=0.2)
        assert refused.value.attempts == len(fake.received) == 7


async def test_call_that_accepts_no_refusal_fails_at_its_first() -> None:
    """With max_throttled=0, a 429 is an error at once."""
    async with serving(retry=RetryPolicy(max_throttled=0.0)) as (fake, client):
        fake.fail(Answer(429))
        with pytest.raises(RateLimitError):
            await get(client)
        assert len(fake.received) == 1


async def test_refused_call_goes_before_those_who_came_later() -> None:
    """A call that was refused is first in its lane when the pause is over."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    async with serving(limiter=limiter, coalesce=False) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "30.5"}))
        calls = [get(client, number) for number in (1, 2, 3, 4)]
        await asyncio.gather(*calls)
        assert [request.path[-1] for request in fake.received] == ["1", "2", "1", "3", "4"]


async def test_refused_calls_keep_their_order() -> None:
    """Calls that were refused together are sent again in the order in which they came."""
    async with serving(coalesce=False) as (fake, client):
        fake.fail(*[Answer(429, headers={"Retry-After": "5.5"})] * 3)
        await asyncio.gather(*(get(client, number) for number in (1, 2, 3)))
        assert [request.path[-1] for request in fake.received] == ["1", "2", "3", "1", "2", "3"]


async def test_refusals_use_up_no_attempts() -> None:
    """A call that was refused again and again has all of its attempts left for failures."""
    async with serving(retry=RetryPolicy(attempts=3)) as (fake, client):
        fake.fail(*[Answer(429)] * 3, *[Answer(503)] * 2)
        await get(client)
        assert len(fake.received) == 6


async def test_refusals_of_one_burst_make_one_pause() -> None:
    """Twenty requests refused together pause the key once, for as long as the first refusal asks."""
    async with serving(coalesce=False) as (fake, client):
        fake.fail(*[Answer(429, headers={"Retry-After": f"{seconds}.5"}) for seconds in range(5, 25)])
        started = now()
        await asyncio.gather(*(get(client, number) for number in range(20)))
        assert fake.received[20].at - started == pytest.approx(5.5, abs=0.1)


async def test_one_request_finds_out_whether_a_pause_still_holds() -> None:
    """After a pause a single request is sent; the others follow when it was answered."""
    async with serving(FakeMeltingSpot(cold=1.0, warm=1.0), coalesce=False) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "40.5"}))
        refused = get(client)
        await asyncio.sleep(5.0)
        await asyncio.gather(refused, *(get(client, number) for number in range(1, 6)))
        first, second, *others = [request.at for request in fake.received]
        assert second - first >= 40.5
        assert min(others) > second
        assert max(others) - min(others) < 0.1


async def test_pause_that_does_not_fit_the_deadline_is_refused_at_once() -> None:
    """A refused call whose deadline ends within the pause says so without waiting."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "20"}))
        started = now()
        with pytest.raises(DeadlineExceededError) as late:
            await get(client)
        assert now() - started < 0.5
        assert late.value.wait_needed == pytest.approx(20.0, abs=0.5)


async def test_limiter_that_keeps_no_pause_leaves_it_to_the_call() -> None:
    """With a limiter of one's own that knows no pauses, a refused call waits by itself."""

    class Unlimited:
        @asynccontextmanager
        async def slot(
            self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
        ) -> AsyncGenerator[None, None]:
            yield

    async with serving(limiter=Unlimited()) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "7.5"}))
        await get(client)
        assert fake.received[1].at - fake.received[0].at == pytest.approx(7.5, abs=0.1)
        fake.fail(Answer(429, headers={"Retry-After": "7.5"}))
        with pytest.raises(DeadlineExceededError):
            await get(client.with_options(deadline=3.0))

"""How long a call waits before it tries again, and what it holds meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    QuotaExhaustedError,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
)
from meltingspot_async.testing import Answer, Delay, Fault, Reset, Truncate

from ..support.calls import busy_connections, failure, get, serving
from ..support.clock import now, run_virtual


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize(("asked", "most"), [("7.5", 7.51), ("7", 7.26)])
async def test_retry_after_is_waited_for(status: int, asked: str, most: float) -> None:
    """A retry waits as long as the service's Retry-After says; a little longer if that is in whole seconds."""
    async with serving() as (fake, client):
        fake.fail(Answer(status, headers={"Retry-After": asked}))
        await get(client)
        assert float(asked) <= fake.received[1].at - fake.received[0].at <= most


@pytest.mark.parametrize(("status", "waits"), [(503, [0.5, 1.0, 2.0]), (429, [1.0, 2.0, 4.0])])
async def test_retry_after_of_zero_does_not_shorten_the_backoff(
    status: int, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that asks for no wait at all does not get its attempts all at once."""
    monkeypatch.setattr("random.random", lambda: 0.5)
    async with serving(retry=RetryPolicy(attempts=4, backoff_base=1.0)) as (fake, client):
        fake.fail(*[Answer(status, headers={"Retry-After": "0"})] * 3)
        await get(client)
        times = [request.at for request in fake.received]
        assert [later - at for at, later in itertools.pairwise(times)] == pytest.approx(waits, abs=0.01)


@pytest.mark.parametrize("reset", ["9", "43200"])
async def test_reset_header_says_nothing_on_a_503(reset: str) -> None:
    """A reset header that a service sends with every answer does not lengthen the back-off of another failure."""
    async with serving() as (fake, client):
        fake.fail(Answer(503, headers={"X-RateLimit-Reset": reset, "X-RateLimit-Remaining": "97"}))
        await get(client)
        assert fake.received[1].at - fake.received[0].at < 1.0


@pytest.mark.parametrize("reset", ["3000", "1e9", "99999999999", str(10**15), "9" * 400])
async def test_429_with_any_reset_header_pauses_for_one_window_at_most(reset: str) -> None:
    """Whatever unit a reset header is in, a call made after one window of 10 s is answered."""
    async with serving() as (fake, client):
        fake.fail(Answer(429, headers={"X-RateLimit-Reset": reset}))
        caller = get(client)
        await asyncio.sleep(10.5)
        await get(client, 1)
        await caller


@pytest.mark.parametrize("nonsense", ["-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", ""])
async def test_meaningless_retry_after_means_backoff(nonsense: str) -> None:
    """A nonsensical, negative or past Retry-After is ignored."""
    async with serving(retry=RetryPolicy(backoff_base=4.0)) as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": nonsense}))
        await get(client)
        assert 0.0 <= fake.received[1].at - fake.received[0].at <= 4.01


async def test_retry_after_over_the_maximum_fails_everyone_at_once() -> None:
    """A Retry-After above max_retry_after closes the key: everybody learns for how long, and nothing more is sent."""
    async with serving() as (fake, client):
        started = now()
        fake.fail(Answer(429, headers={"Retry-After": "3600"}))
        error = await failure(client)
        assert isinstance(error, QuotaExhaustedError)
        assert error.retry_after == 3600.0
        error = await failure(client)
        assert isinstance(error, QuotaExhaustedError)
        assert error.retry_after == pytest.approx(3600.0, abs=1.0)
        assert now() - started < 0.1
        assert len(fake.received) == 1
        await asyncio.sleep(3600.0)
        await get(client)


@given(draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=4, max_size=4))
@settings(max_examples=20)
def test_backoff_is_full_jitter_up_to_the_cap(draws: list[float]) -> None:
    """Between attempts lies a random share of min(cap, base * 2 ** (n - 1)) seconds, at the cap too."""

    async def main(monkeypatch: pytest.MonkeyPatch) -> None:
        rolls = iter([*draws, 0.0])
        monkeypatch.setattr("meltingspot_async._http.exchange.random.random", lambda: next(rolls))
        policy = RetryPolicy(attempts=5, backoff_base=1.0, backoff_max=3.0)
        async with serving(retry=policy, coalesce=False) as (fake, client):
            fake.fail(*[Answer(503)] * 4)
            await client.course_participants.get("c", "participant-0")
            times = [request.at for request in fake.received]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert gaps == pytest.approx(
            [d * c for d, c in zip(draws, (1.0, 2.0, 3.0, 3.0), strict=True)], abs=0.1
        )

    with pytest.MonkeyPatch.context() as monkeypatch:
        run_virtual(main(monkeypatch))


async def test_429_pauses_every_caller() -> None:
    """While a 429's pause lasts nothing is sent for anyone, and each refused call is tried again after it."""
    async with serving() as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "9.5"}))
        first = get(client, 0)
        await asyncio.sleep(1.0)
        others = [get(client, number) for number in range(1, 20)]
        await asyncio.gather(first, *others)
        refused, *later = [request.at for request in fake.received]
        assert min(later) - refused == pytest.approx(9.5, abs=0.01)
        assert len(later) == 20


async def test_backoff_holds_no_connection() -> None:
    """During back-off the connection is back in the pool."""
    async with aiohttp.ClientSession() as session, serving(session=session) as (fake, client):
        fake.fail(Answer(503, b"x" * 100_000, {"Retry-After": "20"}))
        task = get(client)
        await asyncio.sleep(10.0)
        assert not busy_connections(session)
        await task


@pytest.mark.parametrize(
    "fault",
    [Answer(404), Answer(503), Reset(), Truncate(), Delay(100.0), Answer(200, b"x" * 70_000)],
    ids=str,
)
async def test_no_failure_leaks_a_connection_or_slot(fault: Fault) -> None:
    """After any outcome, and after cancellation, the pool is idle and every slot is given back."""
    limiter = SlidingWindowLimiter([RateLimit(4, per=10.0)])
    options: dict[str, Any] = {
        "limiter": limiter,
        "retry": RetryPolicy(attempts=1),
        "max_response_bytes": 65_536,
    }
    async with aiohttp.ClientSession() as session, serving(session=session, **options) as (fake, client):
        fake.fail(fault, Delay(50.0))
        await failure(client)
        cancelled = get(client)
        await asyncio.sleep(5.0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert not busy_connections(session)
        await asyncio.sleep(30.0)
        started = now()
        await asyncio.gather(*(get(client, number) for number in range(4)))
        assert now() - started < 1.0

"""A page never waits for a batch, and a batch gets what pages leave."""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import DOCUMENTED_LIMITS, QuotaExhaustedError, RateLimit
from meltingspot_async.rate_limit._limits import DAY

from ..support.clock import now
from ..support.limiters import BULK, InMemory, Kind, fill, most_in_a_window, use
from ..support.service import Service, batch


async def test_pages_beside_a_batch_have_their_slots_at_once(kind: Kind) -> None:
    """Beside a batch, of pages that come every second 95 % have their slot within 0.1 s, and all within 0.6 s."""
    service = Service()
    async with kind.pair(*DOCUMENTED_LIMITS) as (pages, batches), batch(service, batches) as answered:
        waiting: list[asyncio.Task[float]] = []
        for _ in range(25):
            await asyncio.sleep(1.0)
            waiting.append(asyncio.create_task(service.ask(pages)))
        waits = sorted(await asyncio.gather(*waiting))
        assert waits[int(0.95 * len(waits))] <= 0.1
        assert waits[-1] <= 0.6
        assert len(answered) >= 25 * 8  # ten a second, less a page, and the reserve
    assert not service.refused


async def test_pages_that_come_together_after_silence_have_their_slots_at_once() -> None:
    """Six pages at once beside a batch that has run alone for long have their slots within 0.6 s."""
    service = Service()
    async with InMemory().pair(*DOCUMENTED_LIMITS) as (pages, batches), batch(service, batches):
        for _ in range(2):
            await asyncio.sleep(31.3)
            assert max(await asyncio.gather(*(service.ask(pages) for _ in range(6)))) <= 0.6


async def test_batch_alone_loses_little_to_the_reserve() -> None:
    """A batch without pages beside it gets at least 93 % of what it gets where nothing is kept for pages."""
    answers: dict[float, int] = {}
    for reserve in (0.0, 0.05):
        service = Service()
        async with (
            InMemory().pair(*DOCUMENTED_LIMITS, reserve=reserve) as (_, limiter),
            batch(service, limiter) as answered,
        ):
            await asyncio.sleep(102.0)
        answers[reserve] = len(answered)
    assert answers[0.05] >= 0.93 * answers[0.0]


async def test_few_requests_of_a_batch_are_not_slowed(kind: Kind) -> None:
    """Five list pages at once get their slots at once."""
    async with kind.pair(*DOCUMENTED_LIMITS) as (limiter, _):
        started = now()
        assert await asyncio.gather(*(use(limiter, BULK) for _ in range(5))) == [started] * 5


async def test_batch_takes_its_slots_at_a_steady_pace(kind: Kind) -> None:
    """Of 100 slots per 10 s, bulk requests take five in any half second at most."""
    async with kind.pair(RateLimit(100, per=10.0)) as pair:
        taken = await asyncio.gather(*(use(limiter, BULK, 0.2) for _ in range(100) for limiter in pair))
    assert most_in_a_window(list(taken), 0.5) == 5


async def test_without_a_reserve_a_batch_takes_everything_at_once(kind: Kind) -> None:
    """With reserve=0 there is neither reserve nor pace."""
    async with kind.pair(RateLimit(100, per=10.0), reserve=0) as (limiter, _):
        started = now()
        assert await asyncio.gather(*(use(limiter, BULK) for _ in range(100))) == [started] * 100


@pytest.mark.parametrize("requests", [1, 2, 3])
async def test_limit_too_small_to_divide_lets_both_lanes_through(kind: Kind, requests: int) -> None:
    """A limit of a few requests serves pages and batches alike, within its window."""
    limit = RateLimit(requests, per=1.0)
    async with kind.pair(limit, reserve=0.9) as (limiter, _):
        taken = await asyncio.gather(
            *(use(limiter, BULK) for _ in range(5)), *(use(limiter) for _ in range(5))
        )
        assert most_in_a_window(list(taken), limit.per) <= requests


async def test_batch_that_used_up_its_part_of_the_day_leaves_pages_theirs(kind: Kind) -> None:
    """Bulk requests end with QuotaExhaustedError, which says that pages go on, and pages do."""
    async with kind.pair(RateLimit(100, per=10.0), RateLimit(40, per=DAY)) as (pages, batches):
        await asyncio.gather(*(use(batches, BULK) for _ in range(38)))
        with pytest.raises(QuotaExhaustedError, match="interactive ones go on") as refused:
            await use(batches, BULK)
        assert refused.value.bulk_only
        assert refused.value.retry_after == pytest.approx(DAY, rel=0.002)
        await fill(pages, 2)
        with pytest.raises(QuotaExhaustedError) as refused:
            await use(pages)
        assert not refused.value.bulk_only


async def test_reserve_of_the_day_is_not_for_an_overdue_batch(kind: Kind) -> None:
    """Not even after fifty pages in a row does a batch get a slot of the day's reserve."""
    async with kind.pair(RateLimit(1, per=1.0), RateLimit(200, per=DAY), reserve=0.5) as (pages, batches):
        await fill(pages, 100)
        outcomes = await asyncio.gather(
            use(batches, BULK), *(use(pages) for _ in range(60)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [QuotaExhaustedError] + [float] * 60

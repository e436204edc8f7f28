"""What a limiter makes of 429s: one pause, one request that finds out, and what it learns of other programs."""

from __future__ import annotations

import asyncio
import math

import pytest

from meltingspot_async import QuotaExhaustedError, RateLimit, RateLimiter, RateLimitError

from ..support.clock import now
from ..support.limiters import InMemory, Kind, free_slots, lasted, use
from ..support.service import Service

LIMIT = RateLimit(100, per=10.0)


async def refuse(limiter: RateLimiter, pause: float, after: float = 0.0, asked: float | None = None) -> None:
    """A request that is refused with a 429."""
    slot, refusal = limiter.slot(), RateLimitError(429, "/", retry_after=asked, pause=pause)
    await slot.__aenter__()
    await asyncio.sleep(after)
    await slot.__aexit__(RateLimitError, refusal, None)


@pytest.mark.parametrize("share", [0.4, 0.8])
async def test_what_other_programs_use_is_learned_whatever_their_share(share: float) -> None:
    """Beside a program that uses much of the key, six hundred requests pass, and few are refused once that is known."""
    await _learn(InMemory(), share, 300)


async def test_what_other_programs_use_is_learned(kind: Kind) -> None:
    """Every limiter learns it, for all of its processes."""
    await _learn(kind, 0.6, 150)


async def _learn(kind: Kind, share: float, requests: int) -> None:
    service = Service()
    async with kind.pair(LIMIT) as (first, second), service.used_by_others(share):
        started = now()
        await asyncio.gather(*(service.ask(limiter) for _ in range(requests) for limiter in (first, second)))
        sent = sum(at > started + 2 * LIMIT.per for at in service.received)
        refused = sum(at > started + 2 * LIMIT.per for at in service.refused)
        assert refused <= 0.1 * sent


async def test_window_after_a_refusal_allows_what_passed_in_the_last_one(kind: Kind) -> None:
    """Seven of eight passed: the next window allows seven, and one more after each clean window, up to the limit."""
    limit = RateLimit(9, per=10.0)
    async with kind.pair(limit) as (first, second):
        for _ in range(7):
            await use(first)
        await refuse(first, pause=0.5)
        await asyncio.sleep(0.3)
        for allowed in (7, 8, 9, 9):
            await asyncio.sleep(10.0)
            assert await free_slots(second) == {limit: allowed}


async def test_window_in_which_nothing_passed_teaches_nothing(kind: Kind) -> None:
    """A key that was closed altogether is used as before when it is open again."""
    async with kind.pair(LIMIT) as (first, second):
        await refuse(first, pause=5.5)
        await use(second)
        started = now()
        assert await asyncio.gather(*(use(second) for _ in range(90))) == [started] * 90


async def test_refusal_of_a_request_sent_before_the_pause_does_not_lengthen_it(kind: Kind) -> None:
    """Of several requests refused together, the first decides how long the key pauses."""
    async with kind.pair(LIMIT) as (first, second):
        started = now()
        await asyncio.gather(
            refuse(first, pause=4.0, after=1.0, asked=4.0),
            refuse(second, pause=60.0, after=1.2, asked=60.0),
            refuse(first, pause=60.0, after=2.0, asked=60.0),
        )
        await use(first)
        assert now() - started == lasted(kind, 5.0, LIMIT.per)


async def test_pause_of_ones_own_choice_lasts_a_window_at_most(kind: Kind) -> None:
    """Only the service can close the key for longer than the shortest window."""
    async with kind.pair(LIMIT) as (first, _):
        started = now()
        await refuse(first, pause=3_600.0)
        await use(first)
        assert now() - started == lasted(kind, 10.0, LIMIT.per)


async def test_no_pause_is_longer_than_a_day(kind: Kind) -> None:
    """Whatever a service asks for, after a day a request finds out whether it still holds."""
    async with kind.pair(LIMIT) as (first, second):
        await refuse(first, pause=math.inf, asked=math.inf)
        with pytest.raises(QuotaExhaustedError) as refused:
            await use(second)
        assert refused.value.retry_after == pytest.approx(86_400.0)
        await asyncio.sleep(86_400.0)
        await use(second)


async def test_after_a_pause_one_request_finds_out(kind: Kind) -> None:
    """While it is under way the others wait, in all processes; they follow when it has passed."""
    async with kind.pair(LIMIT) as (first, second):
        await refuse(first, pause=30.5, asked=30.5)
        started = now()
        waiting = [
            asyncio.create_task(use(limiter, seconds=2.0)) for limiter in (first, second) for _ in range(5)
        ]
        taken = sorted(await asyncio.gather(*waiting))
        assert taken[0] - started == lasted(kind, 30.5, LIMIT.per)
        assert taken[1] >= taken[0] + 2.0
        assert taken[-1] <= taken[0] + 4.0


async def test_request_that_finds_out_and_hangs_holds_up_nobody_for_long(kind: Kind) -> None:
    """A shortest window later another one is sent."""
    async with kind.pair(LIMIT) as (first, second):
        await refuse(first, pause=5.0)
        hanging = asyncio.create_task(use(first, seconds=1_000.0))
        await asyncio.sleep(6.0)
        started = now()
        assert await use(second) - started <= LIMIT.per + 0.1
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)


async def test_requests_refused_together_return_in_their_order(kind: Kind) -> None:
    """Those who wait again after a 429 get their slots in the order in which they first came, before a newcomer."""
    served: list[int] = []
    async with kind.pair(RateLimit(3, per=10.0)) as (limiter, _):

        async def call(number: int) -> None:
            await refuse(limiter, 5.0, after=1.0)
            await use_and_note(number)

        async def use_and_note(number: int) -> None:
            async with limiter.slot():
                served.append(number)

        async def newcomer() -> None:
            await asyncio.sleep(1.5)
            await use_and_note(4)

        await asyncio.gather(*(call(number) for number in (1, 2, 3)), newcomer())
    assert served == [1, 2, 3, 4]

"""What every limiter promises: when slots are free, who gets them, and what those learn who get none.

``first`` and ``second`` are two ways to one limit: the same limiter in memory, two processes in Redis.
"""

from __future__ import annotations

import asyncio

import pytest

from meltingspot_async import (
    DeadlineExceededError,
    InvalidResponseError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    TransportError,
)
from meltingspot_async.rate_limit._window import DAY

from ..support.clock import now
from ..support.limiters import BULK, INTERACTIVE, Kind, hold_at_once, most_in_a_window, use

FOREVER = 1_000.0
"""A window that no test waits for."""


def test_no_window_holds_more_than_the_limit(kind: Kind) -> None:
    """Two long queues of one key are served together within the limit of one."""
    limit = RateLimit(10, per=kind.window)

    async def main() -> None:
        async with kind.pair(limit) as pair:
            taken = await asyncio.gather(
                *(use(limiter, seconds=kind.window * (n % 5) / 20) for n in range(40) for limiter in pair)
            )
        assert most_in_a_window(list(taken), limit.per, kind.slack) <= 10

    kind.run(main())


def test_slot_is_free_one_window_after_the_answer(kind: Kind) -> None:
    """The next request gets the slot a window after the answer to the one before."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=kind.window)) as (first, second):
            taken = await use(first, seconds=kind.window / 2)
            kind.check_waited(await use(second) - taken, 1.5 * kind.window)

    kind.run(main())


@pytest.mark.parametrize(
    ("error", "is_given_up"),
    [
        (ServerError(500, "/"), False),
        (InvalidResponseError("/", "$", "it is too large"), False),
        (TransportError("reset", "/"), True),
        (RuntimeError("bug"), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_outcome_of_a_request_decides_when_its_slot_is_free(
    kind: Kind, error: Exception, is_given_up: bool
) -> None:
    """An answer counts at once, a request that was given up a margin later."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=kind.window)) as (first, second):
            started = now()
            with pytest.raises(type(error)):
                async with first.slot():
                    raise error
            kind.check_waited(await use(second) - started, kind.window + is_given_up * kind.margin)

    kind.run(main())


def test_slot_of_an_unsent_request_is_free_at_once(kind: Kind) -> None:
    """A slot whose request never left is free without a window's wait."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
            with pytest.raises(TransportError):
                async with first.slot():
                    raise TransportError("refused", "/", sent=False)
            started = now()
            async with asyncio.timeout(FOREVER / 2):
                kind.check_waited(await use(second) - started, 0.0)

    kind.run(main())


async def order_of_service(kind: Kind, bulk: int, pages: int, *, together: bool) -> list[Priority]:
    """Who is served in which order when first bulk requests and then pages queue for one slot."""
    order: list[Priority] = []
    async with kind.pair(RateLimit(1, per=kind.window / 5)) as (first, second):

        async def one(priority: Priority) -> None:
            async with (first if together or priority is BULK else second).slot(priority):
                order.append(priority)

        async with asyncio.TaskGroup() as group, first.slot():
            for _ in range(bulk):
                group.create_task(one(BULK))
            await kind.queued(first)
            for _ in range(pages):
                group.create_task(one(INTERACTIVE))
            await kind.queued(second)
    return order


@pytest.mark.parametrize("together", [True, False])
def test_interactive_requests_are_served_before_bulk(kind: Kind, *, together: bool) -> None:
    """Once pages wait, no batch gets a slot before the last of them has one."""

    async def main() -> None:
        assert (
            await order_of_service(kind, bulk=5, pages=5, together=together) == [INTERACTIVE] * 5 + [BULK] * 5
        )

    kind.run(main())


@pytest.mark.parametrize("together", [True, False])
def test_bulk_is_not_starved_by_pages(kind: Kind, monkeypatch: pytest.MonkeyPatch, *, together: bool) -> None:
    """After so many slots in a row for pages, a batch that waits gets one."""
    for room in ("rate_limit._sliding_window", "redis_limit._limiter"):
        monkeypatch.setattr(f"meltingspot_async.{room}.MAX_PASSED_OVER", 3)

    async def main() -> None:
        order = await order_of_service(kind, bulk=3, pages=15, together=together)
        assert [place for place, priority in enumerate(order) if priority is BULK] == [3, 7, 11]

    kind.run(main())


def test_429_pauses_every_request(kind: Kind) -> None:
    """After a 429 nobody gets a slot until its pause is over, whatever slots are free."""

    async def main() -> None:
        async with kind.pair(RateLimit(9, per=kind.window)) as (first, second):
            with pytest.raises(RateLimitError):
                async with first.slot():
                    raise RateLimitError(429, "/", pause=2 * kind.window)
            started = now()
            await kind.queued(first)
            for taken in await asyncio.gather(use(first), use(second), use(second, BULK)):
                kind.check_waited(taken - started, 2 * kind.window)

    kind.run(main())


def test_429_without_a_pause_is_an_answer_like_any_other(kind: Kind) -> None:
    """A RateLimitError that names no pause only uses its slot."""

    async def main() -> None:
        async with kind.pair(RateLimit(2, per=FOREVER)) as (first, second):
            with pytest.raises(RateLimitError):
                async with first.slot():
                    raise RateLimitError(429, "/")
            started = now()
            async with asyncio.timeout(FOREVER / 2):
                kind.check_waited(await use(second) - started, 0.0)

    kind.run(main())


def test_pause_beyond_patience_refuses_every_request(kind: Kind) -> None:
    """When the key is closed for longer than patience, waiting and new requests fail, and learn for how long."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=kind.window), patience=60.0) as (first, second):
            holder = first.slot()
            await holder.__aenter__()
            waiting = [asyncio.create_task(use(second, priority)) for priority in Priority]
            await kind.queued(second)
            refused = RateLimitError(429, "/", pause=3_600.0)
            assert not await holder.__aexit__(RateLimitError, refused, None)
            outcomes = await asyncio.gather(*waiting, use(first), return_exceptions=True)
            for outcome in outcomes:
                assert isinstance(outcome, QuotaExhaustedError)
                assert 3_600.0 - kind.stated_slack <= outcome.resets_in <= 3_600.0

    kind.run(main())


def test_used_up_day_refuses_every_request_at_once(kind: Kind) -> None:
    """When the day's allowance is used up, a request learns at once when to try again, in either lane."""

    async def main() -> None:
        async with kind.pair(RateLimit(100, per=kind.window), RateLimit(3, per=DAY)) as (first, second):
            for limiter in (first, second, second):
                await use(limiter)
            await kind.queued(second)
            for limiter, priority, deadline in (
                (first, INTERACTIVE, None),
                (second, BULK, None),
                (first, INTERACTIVE, now() + 5.0),
            ):
                with pytest.raises(QuotaExhaustedError) as refused:
                    async with limiter.slot(priority, deadline):
                        pytest.fail("the day is used up")
                assert DAY - 60.0 < refused.value.resets_in <= DAY * 1.002

    kind.run(main())


def test_deadline_that_cannot_be_met_is_refused_before_the_wait(kind: Kind) -> None:
    """A request whose slot would be free too late learns it at once, and how long it would have waited."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
            await use(first)
            await kind.queued(first)
            started = now()
            with pytest.raises(DeadlineExceededError) as refused:
                async with second.slot(deadline=started + 0.9 * FOREVER):
                    pytest.fail("the slot is free after the window")
            assert now() - started < 0.5 * FOREVER
            assert refused.value.wait_needed == pytest.approx(FOREVER, rel=0.01)

    kind.run(main())


def test_deadline_ends_the_wait_when_an_answer_is_slow(kind: Kind) -> None:
    """A request whose slot is not free when expected fails at its deadline and leaves no trace."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=kind.window)) as (first, second):
            async with first.slot():
                started = now()
                with pytest.raises(DeadlineExceededError):
                    async with second.slot(deadline=started + 2 * kind.window):
                        pytest.fail("the only slot is held")
                assert now() - started >= kind.window - kind.slack
            await hold_at_once(second, 1)

    kind.run(main())


def test_request_cancelled_at_any_point_loses_no_slot(kind: Kind) -> None:
    """A request cancelled while it asks, waits, is given a slot or holds one gives back what it had."""

    async def main() -> None:
        async with kind.pair(RateLimit(2, per=kind.tick)) as (first, second):
            for turn in range(20):
                tasks = [asyncio.create_task(use(first, seconds=kind.tick / 20)) for _ in range(4)]
                for _ in range(turn):
                    await asyncio.sleep(0)
                for task in tasks[:3]:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await hold_at_once(second, 2)

    kind.run(main())


def test_request_cancelled_at_the_moment_of_its_turn_passes_the_slot_on(kind: Kind) -> None:
    """A waiter cancelled right after its slot was freed, before it could run, leaves it to the next one."""

    async def main() -> None:
        async with kind.pair(RateLimit(1, per=FOREVER)) as (first, second):
            holder = first.slot()
            await holder.__aenter__()
            unlucky = asyncio.create_task(use(first))
            await kind.queued(first)
            unsent = TransportError("refused", "/", sent=False)
            await holder.__aexit__(TransportError, unsent, None)
            unlucky.cancel()
            with pytest.raises(asyncio.CancelledError):
                await unlucky
            started = now()
            async with asyncio.timeout(FOREVER / 2):
                kind.check_waited(await use(second) - started, 0.0)

    kind.run(main())

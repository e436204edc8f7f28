"""When a limiter of many processes asks its store, how long it waits for it, and what it does when it fails."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from meltingspot_async import LimiterUnavailableError, RateLimit, SlidingWindowLimiter, UsageError
from meltingspot_async.rate_limit._reports import Unreported
from meltingspot_async.rate_limit._shared import SharedLimiter, StoreUnreachableError, shared_rules
from meltingspot_async.rate_limit._state import Reply, Statement
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter

from ..support.clock import VirtualLoop, now
from ..support.limiters import BULK, INTERACTIVE, use
from ..support.memory_store import MemoryStore

LIMIT = RateLimit(3, per=10.0)
RULES = shared_rules([LIMIT], reserve=0.0, lease=30.0)


def fail() -> None:
    raise StoreUnreachableError("gone")


def hang() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@asynccontextmanager
async def limiting(**options: Any) -> AsyncGenerator[tuple[SharedLimiter, MemoryStore]]:
    store = MemoryStore(RULES)
    limiter = SharedLimiter(store, [LIMIT], RULES, options.get("patience", 60.0), options.get("fallback"))
    yield limiter, store
    store.trouble = lambda: None
    await limiter.aclose()


@pytest.mark.parametrize(("trouble", "reason", "asked"), [(fail, "gone", 30), (hang, "TimeoutError", 1)])
async def test_store_has_a_second_and_a_half(
    trouble: Callable[[], object], reason: str, asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that cannot be reached is asked every 50 ms for 1.5 s; then whoever waits learns what to do."""
    async with limiting() as (limiter, store):
        store.trouble = trouble
        started = now()
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(LimiterUnavailableError, match="Ask again") as failed,
        ):
            await use(limiter)
        assert now() - started == pytest.approx(1.5)
        assert failed.value.reason == reason
        assert f"store failed ({reason})" in caplog.text
        assert len(store.asked) == pytest.approx(asked, abs=1)


async def test_store_that_is_back_is_asked_at_once() -> None:
    """A failure is over with the next request, which reports what it could not, under a number of its own."""
    async with limiting() as (limiter, store):
        await use(limiter)
        store.trouble = hang
        with pytest.raises(LimiterUnavailableError):
            await use(limiter)
        store.trouble = lambda: None
        started = now()
        await use(limiter)
        assert now() == started
        assert [said.step for said in store.said] == sorted({said.step for said in store.said})
        assert (await limiter.free())[LIMIT] == 1
        assert limiter.last_free == {LIMIT: 1}


async def test_fallback_serves_for_five_seconds() -> None:
    """After a failure the fallback is used, and the store left alone, for five seconds from then."""
    fallback = SlidingWindowLimiter([RateLimit(50, per=10.0)])
    async with limiting(fallback=fallback) as (limiter, store):
        store.trouble = fail
        await use(limiter)
        failed, store.trouble = now(), lambda: None
        asked = len(store.asked)
        for after, is_asked in ((0.0, False), (4.9, False), (5.0, True)):
            await asyncio.sleep(failed + after - now())
            await use(limiter)
            assert (len(store.asked) > asked) == is_asked
        assert [*fallback.free().values()] == [47]


async def test_lease_is_renewed_four_times_while_a_slot_is_held() -> None:
    """A process that holds a slot takes a step in each quarter of its lease, and none when it holds nothing."""
    async with limiting() as (limiter, store):
        await use(limiter, seconds=30.1)
        await asyncio.sleep(100.0)
        assert store.asked == [0.0, 7.5, 15.0, 22.5, 30.0, 30.1]


async def test_lease_is_renewed_after_a_failure() -> None:
    """A renewal that fails is tried again a quarter of the lease later."""
    async with limiting() as (limiter, store):
        async with limiter.slot():
            await asyncio.sleep(7.0)
            store.trouble = hang
            await asyncio.sleep(3.0)
            store.trouble = lambda: None
            await asyncio.sleep(10.0)
        assert store.asked[:3] == [0.0, 7.5, 16.5]


async def test_no_renewal_after_a_failure_that_left_nothing_held() -> None:
    """Who holds nothing when the store fails has nothing to renew."""
    async with limiting() as (limiter, store):
        store.trouble = hang
        with pytest.raises(LimiterUnavailableError):
            await use(limiter)
        await asyncio.sleep(100.0)
        assert store.asked == [0.0]


@pytest.mark.parametrize(("seconds", "held"), [(9.9, 1), (10.1, 0)])
async def test_reply_counts_for_a_third_of_the_lease(seconds: float, held: int) -> None:
    """A slot given while the loop was blocked is taken within a third of the lease; later it may be another's."""
    async with limiting() as (limiter, store):
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)

        def block() -> None:
            store.trouble = lambda: None
            loop.block(seconds)

        store.trouble = block
        async with limiter.slot():
            assert [said.held for said in store.said] == [0, held]


async def test_waiting_steps_are_a_millisecond_apart() -> None:
    """A store that says that a step is due at once is not asked without a pause."""
    async with limiting() as (limiter, store):

        async def due_at_once(statement: Statement) -> Reply:
            store.asked.append(now())
            return Reply(0, 0, 0, 0, 0.0, 0.0, 0, [0])

        store.step = due_at_once  # type: ignore[method-assign]
        waiting = asyncio.create_task(use(limiter))
        await asyncio.sleep(0.0105)
        assert len(store.asked) == 11
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting


async def test_closed_limiter_refuses_and_asks_no_more() -> None:
    """Closing refuses those who wait, cancels what was planned, closes the store, and can be repeated."""
    async with limiting() as (limiter, store):
        await asyncio.gather(*(use(limiter) for _ in range(3)))
        waiting = asyncio.create_task(use(limiter))
        await asyncio.sleep(1.0)
        await limiter.aclose()
        asked = len(store.asked)
        with pytest.raises(UsageError, match="closed while the call waited"):
            await waiting
        assert store.is_closed
        await asyncio.sleep(100.0)
        await limiter.aclose()
        assert len(store.asked) == asked
        await use(limiter)
        assert len(store.asked) > asked


async def test_statement_is_in_the_units_of_the_store() -> None:
    """What is stated to a store is in whole microseconds: waits rounded up, and what has passed rounded down."""
    async with limiting(patience=1.0000001) as (limiter, _):
        await limiter.free()
        limiter._held = 2
        started = now()
        report = Unreported(3, 1, started - 2.5000004, 2, started + 1.5000004, 4)
        said = limiter._statement(report, "p", 1e6)
        assert said == Statement("p", 0, 2, 0, 0, 1_000_001, 3, 1, 2_500_000, 2, 1_500_001, 4)
        assert limiter._statement(Unreported(paused_until=math.inf), "p", 1e6).pause == 0
        assert limiter._statement(Unreported(refused=1, paused_until=started - 1.0), "p", 1e6).pause == 0
        limiter._held = 0


async def test_statement_in_one_process_is_exact() -> None:
    """In one process nothing is rounded."""
    limiter = SlidingWindowLimiter([LIMIT], patience=1.25)
    assert limiter.free() == {LIMIT: 3}
    started = now()
    said = limiter._statement(Unreported(0, 1, started - 2.75, 1, started + 1.5, 0))
    assert (said.patience, said.given_up_for, said.pause) == (1.25, 2.75, 1.5)


async def test_who_waits_is_stated_by_priority() -> None:
    """The store learns how many pages and how many batches wait."""
    async with limiting() as (limiter, store):
        await asyncio.gather(*(use(limiter) for _ in range(3)))
        waiting = [asyncio.create_task(use(limiter, kind)) for kind in (INTERACTIVE, BULK, BULK)]
        await asyncio.sleep(1.0)
        assert (store.said[-1].pages, store.said[-1].batches) == (1, 2)
        await asyncio.gather(*waiting)


def test_file_is_looked_at_once_a_second() -> None:
    """Who waits for a slot of a file looks every second if others have left it one: it costs next to nothing."""
    limiter = SqliteSlidingWindowLimiter("/nowhere/limit", [LIMIT], key="k")
    assert limiter._rules.outlook == 1_000_000

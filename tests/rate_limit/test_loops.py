"""Loops with other clocks, loops that block, loops that were closed."""

from __future__ import annotations

import asyncio
import math

import pytest
import uvloop

from meltingspot_async import DeadlineExceededError, RateLimit, SlidingWindowLimiter

from ..support.clock import VirtualLoop, now, run_virtual
from ..support.limiters import Kind, lasted, queued, use

LIMIT = RateLimit(5, per=10.0)


class CoarseLoop(VirtualLoop):
    """Its clock ticks every 15.6 ms, as on Windows before Python 3.13."""

    tick = 1 / 64

    def __init__(self) -> None:
        super().__init__()
        self._clock_resolution = self.tick

    @property
    def exact_time(self) -> float:
        return super().time()

    def time(self) -> float:
        return math.floor(super().time() / self.tick) * self.tick


def test_no_slot_is_free_early_on_a_clock_that_is_rounded_down() -> None:
    """An answer may be in up to a tick later than the clock says; its slot is free a window after that."""

    async def main() -> None:
        limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CoarseLoop)
        for share in (0.1, 0.5, 0.9):
            loop.block(share * loop.tick)
            async with limiter.slot():
                answered = loop.exact_time
            async with limiter.slot():
                assert loop.exact_time >= answered + 1.0

    with asyncio.Runner(loop_factory=CoarseLoop) as runner:
        runner.run(main())


def test_uvloop_counts_as_a_clock_of_milliseconds() -> None:
    """Uvloop rounds its time to milliseconds and does not say so."""

    async def main() -> float:
        limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
        await use(limiter)
        return limiter._tick

    assert uvloop.run(main()) == 0.001


def test_loop_closed_with_calls_under_way_loses_no_slot() -> None:
    """What was in flight, and who waited, when the loop was closed leave a limiter that works on the next one."""
    limiter = SlidingWindowLimiter([LIMIT])

    async def hold() -> None:
        async with limiter.slot():
            await asyncio.sleep(1_000.0)

    loop = VirtualLoop()
    left_behind = [loop.create_task(hold()) for _ in range(7)]
    loop.run_until_complete(asyncio.sleep(1.0))
    loop.close()
    for task in left_behind:
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is left behind on purpose

    async def later() -> None:
        started = now()
        await use(limiter)
        assert now() - started == LIMIT.per + 10.0

    run_virtual(later())


def test_slot_of_a_closed_loop_is_not_given_back_on_the_next() -> None:
    """A block that ends after its loop was closed changes nothing: its request was counted already."""
    limiter = SlidingWindowLimiter([LIMIT])
    slot = limiter.slot()
    run_virtual(slot.__aenter__())

    async def later() -> None:
        assert limiter.free() == {LIMIT: 4}
        await slot.__aexit__(None, None, None)
        assert limiter.free() == {LIMIT: 4}

    run_virtual(later())


def test_block_that_ends_on_a_closed_loop_counts_as_given_up() -> None:
    """A block that is ended after its loop was closed, as a garbage collector does, is reported on the next loop."""
    limiter = SlidingWindowLimiter([LIMIT])
    slot = limiter.slot()
    run_virtual(slot.__aenter__())
    ending = slot.__aexit__(None, None, None)
    with pytest.raises(StopIteration):
        ending.send(None)

    async def later() -> None:
        assert limiter.free() == {LIMIT: 4}

    run_virtual(later())


async def test_deadline_that_would_be_met_is_not_refused(kind: Kind) -> None:
    """Those before it may leave the queue at their own deadlines: then the slot is for who waits behind them."""
    async with kind.pair(RateLimit(1, per=10.0)) as (first, _):
        started = now()
        holder = asyncio.create_task(use(first, seconds=1.0))
        await queued()

        async def page(deadline: float) -> float:
            async with first.slot(deadline=started + deadline):
                return now() - started

        impatient, patient = asyncio.create_task(page(10.5)), asyncio.create_task(page(15.0))
        assert await patient == lasted(kind, 11.0, 10.0)
        with pytest.raises(DeadlineExceededError):
            await impatient
        await holder


async def test_loop_that_was_blocked_takes_no_more_than_the_limit(kind: Kind) -> None:
    """However long the loop was blocked, requests go on in order and within the limit."""
    async with kind.pair(LIMIT) as (first, second):
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        taken: list[float] = []

        async def one() -> None:
            async with first.slot():
                taken.append(now())

        tasks = [asyncio.create_task(one()) for _ in range(12)]
        for seconds in (5.0, 25.0, 45.0):
            await asyncio.sleep(1.0)
            loop.block(seconds)
        await use(second)
        await asyncio.gather(*tasks)
        for at in taken:
            assert sum(at <= other < at + 10.0 for other in taken) <= 5

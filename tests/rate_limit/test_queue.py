"""Who gets the next slot, on the virtual clock, where every time is exact."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from meltingspot_async import (
    Priority,
    RateLimit,
    SlidingWindowLimiter,
    TransportError,
)
from meltingspot_async.rate_limit._limits import DAY

from ..support.clock import VirtualLoop, now
from ..support.limiters import BULK, use


async def test_cancelled_waiter_leaves_no_trace() -> None:
    """Waiters cancelled anywhere in the queue cost the others neither a slot nor time."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()
    await use(limiter)
    waiters = [asyncio.create_task(use(limiter)) for _ in range(5)]
    await asyncio.sleep(1.0)
    for waiter in (waiters[0], waiters[2], waiters[4]):
        waiter.cancel()
    assert [await waiters[1], await waiters[3]] == [started + 10.0, started + 20.0]
    assert [waiter.cancelled() for waiter in waiters] == [True, False, True, False, True]


async def test_cancelled_waiters_do_not_count_as_waiting() -> None:
    """Waiters that were cancelled leave the queue at once: nobody is refused for them."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()
    await use(limiter)
    first, *others = [asyncio.create_task(use(limiter)) for _ in range(6)]
    await asyncio.sleep(1.0)
    for waiter in others:
        waiter.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    async with limiter.slot(deadline=started + 21.0):
        assert now() == started + 20.0
    assert await first == started + 10.0


async def test_newcomer_does_not_jump_the_queue_after_a_busy_loop() -> None:
    """A slot that came free while the loop was blocked goes to the request that waited for it, not to a newcomer."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    await use(limiter)
    waiting = asyncio.create_task(use(limiter))
    await asyncio.sleep(1.0)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.block(20.0)
    newcomer = await use(limiter)
    assert newcomer - await waiting == 10.0


async def test_waiter_cancelled_at_the_moment_of_its_turn_passes_the_slot_on() -> None:
    """A waiter cancelled after its slot was handed to it, before it could run, gives it to the next one."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()
    waiters: list[asyncio.Task[float]] = []

    async def hold() -> None:
        with contextlib.suppress(TransportError):
            async with limiter.slot():
                await asyncio.sleep(5.0)
                raise TransportError("refused", "/", sent=False)
        waiters[0].cancel()

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiters += [asyncio.create_task(use(limiter)) for _ in range(2)]
    await holder
    assert await waiters[1] == started + 5.0
    assert waiters[0].cancelled()
    assert await use(limiter) == started + 15.0


async def test_waiter_cancelled_just_before_its_turn_is_skipped() -> None:
    """A slot that comes free between a waiter's cancellation and its end goes to the next in the queue."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()

    async def unsent_after(seconds: float, first: list[asyncio.Task[float]]) -> None:
        async with limiter.slot():
            await asyncio.sleep(seconds)
            first[0].cancel()
            raise TransportError("refused", "/", sent=False)

    tasks: list[asyncio.Task[float]] = []
    holder = asyncio.create_task(unsent_after(2.0, tasks))
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(use(limiter)) for _ in range(2)]
    with pytest.raises(TransportError):
        await holder
    assert await tasks[1] == started + 2.0


async def test_page_gets_the_next_slot_before_any_queue_of_bulk() -> None:
    """A page takes the next free slot, however many bulk requests wait."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)], reserve=0)
    started = now()
    bulk = [asyncio.create_task(use(limiter, BULK)) for _ in range(40)]
    await asyncio.sleep(5.0)
    assert await use(limiter) == started + 10.0
    assert max(await asyncio.gather(*bulk)) == started + 200.0


async def test_first_to_ask_is_first_served_within_a_priority() -> None:
    """Waiters of one priority are served in the order in which they came."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
    for priority in Priority:
        taken = await asyncio.gather(*(use(limiter, priority) for _ in range(20)))
        assert taken == sorted(taken)


async def test_bulk_is_not_starved_by_endless_pages() -> None:
    """Under endless interactive load a bulk waiter still gets its slot, one in 51."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
    started = now()

    async def pages() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(150):
                group.create_task(use(limiter))

    load = asyncio.create_task(pages())
    await asyncio.sleep(0.5)
    first, second = await asyncio.gather(use(limiter, BULK), use(limiter, BULK))
    assert first - started <= 51
    assert second - first == 51
    await load


async def test_free_slot_wakes_exactly_one_waiter() -> None:
    """With a thousand waiting, a slot that comes free runs one of them and leaves the others asleep."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    ran: list[int] = []

    async def wait(number: int) -> None:
        async with limiter.slot(BULK):
            ran.append(number)

    waiters = [asyncio.create_task(wait(number)) for number in range(1_000)]
    await asyncio.sleep(35.0)
    assert ran == [0, 1, 2, 3]
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)


def test_ten_thousand_waiters_are_served_in_the_time_of_the_limit() -> None:
    """Ten thousand callers gathered at once are all served, in the time the limit gives."""

    async def main() -> None:
        limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(50_000, per=DAY)], reserve=0)
        started = now()
        await asyncio.gather(*(use(limiter, BULK) for _ in range(10_000)))
        assert now() - started == 990.0

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:  # asyncio's debug mode would take its time
        runner.run(main())

"""The limiter: what the service receives, who goes first, and that nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    DeadlineExceededError,
    InvalidResponseError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
    UsageError,
)
from meltingspot_async.rate_limit import DAY, GIVEN_UP_MARGIN, MOST_PASSED_OVER

from ..support.clock import VirtualLoop, run_virtual

BULK, INTERACTIVE = Priority.BULK, Priority.INTERACTIVE


def now() -> float:
    return asyncio.get_running_loop().time()


async def use(limiter: SlidingWindowLimiter, priority: Priority = INTERACTIVE, seconds: float = 0.0) -> float:
    """Hold one slot for some seconds; when it was taken."""
    async with limiter.slot(priority):
        taken = now()
        await asyncio.sleep(seconds)
    return taken


async def fill(limiter: SlidingWindowLimiter, slots: int) -> None:
    """Use slots that are answered at once."""
    for _ in range(slots):
        await use(limiter)


def most_in_a_window(times: list[float], per: float, slack: float = 1e-9) -> int:
    """The most of these times within one half-open window.

    The slack is for ten digits of a clock that stands at 1,000 s: rounding, not behaviour.
    """
    return max((sum(start <= at < start + per - slack for at in times) for start in times), default=0)


@attrs.frozen
class Plan:
    """What becomes of one request; all times in seconds."""

    start: float
    out: float
    """From taking the slot to arriving at the service."""
    back: float
    """From arriving to the end of the slot."""
    priority: Priority
    cancelled_at: float | None
    patience: float | None
    ends: Exception | None


ENDS = (
    None,
    ServerError(500, "/"),
    RateLimitError(429, "/", pause=3.0),
    TransportError("reset", "/"),
    RuntimeError("bug"),
)
plans = st.builds(
    Plan,
    start=st.floats(0, 40),
    out=st.floats(0, GIVEN_UP_MARGIN),
    back=st.floats(0, 8),
    priority=st.sampled_from(Priority),
    cancelled_at=st.none() | st.floats(0, 60),
    patience=st.none() | st.floats(0, 60),
    ends=st.sampled_from((None, None, *ENDS, TransportError("refused", "/", sent=False))),
)
limits = st.lists(
    st.builds(RateLimit, st.integers(1, 6), per=st.sampled_from([1.0, 2.5, 10.0, 60.0])),
    min_size=1,
    max_size=3,
)


@given(limits=limits, planned=st.lists(plans, max_size=40))
@settings(max_examples=150)
def test_never_more_than_the_limit_arrives(limits: list[RateLimit], planned: list[Plan]) -> None:
    """However requests travel, fail or are cancelled, no window at the service holds more than N; all end."""
    arrived: list[float] = []

    async def request(limiter: SlidingWindowLimiter, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(plan.start)
        deadline = None if plan.patience is None else now() + plan.patience
        async with limiter.slot(plan.priority, deadline):
            if not (isinstance(plan.ends, TransportError) and not plan.ends.sent):
                loop.call_later(plan.out, lambda: arrived.append(now()))
            await asyncio.sleep(plan.out + plan.back)
            if plan.ends is not None:
                raise plan.ends

    async def main() -> None:
        loop = asyncio.get_running_loop()
        limiter = SlidingWindowLimiter(limits)
        tasks = [asyncio.create_task(request(limiter, plan)) for plan in planned]
        for task, plan in zip(tasks, planned, strict=True):
            if plan.cancelled_at is not None:
                loop.call_later(plan.cancelled_at, task.cancel)
        async with asyncio.timeout(100_000):  # virtual seconds: only a stuck queue takes that many
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome, plan in zip(outcomes, planned, strict=True):
            fits = outcome is plan.ends
            fits |= plan.cancelled_at is not None and isinstance(outcome, asyncio.CancelledError)
            fits |= plan.patience is not None and isinstance(outcome, DeadlineExceededError)
            assert fits

        await asyncio.sleep(GIVEN_UP_MARGIN)
        for limit in limits:
            assert most_in_a_window(arrived, limit.per) <= limit.requests

        await asyncio.sleep(GIVEN_UP_MARGIN + 60.0)
        rested, fewest = now(), min(limit.requests for limit in limits)
        assert await asyncio.gather(*(use(limiter) for _ in range(fewest))) == [rested] * fewest

    run_virtual(main())


async def test_cold_and_warm_connections_do_not_meet_in_one_window() -> None:
    """A burst that arrives late is not followed by a burst that arrives early within the same window."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
    arrived: list[float] = []

    async def request(travel: float) -> None:
        async with limiter.slot():
            await asyncio.sleep(travel)
            arrived.append(now())

    await asyncio.gather(*(request(9.9 if n < 100 else 0.01) for n in range(300)))
    assert most_in_a_window(arrived, 10.0) == 100


async def test_a_slot_is_free_one_window_after_the_answer() -> None:
    """A slot comes back W seconds after its answer was in, neither earlier nor later."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()
    await use(limiter, seconds=3.0)
    assert await use(limiter) == started + 13.0


@pytest.mark.parametrize(
    ("error", "hold"),
    [
        (ServerError(500, "/"), 10.0),
        (InvalidResponseError("/", "$", "it is too large"), 10.0),
        (TransportError("reset", "/"), 10.0 + GIVEN_UP_MARGIN),
        (RuntimeError("bug"), 10.0 + GIVEN_UP_MARGIN),
        (TransportError("refused", "/", sent=False), 0.0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_how_a_request_ends_decides_when_its_slot_is_back(error: Exception, hold: float) -> None:
    """An answer counts at once, a request given up on a margin later, an unsent one not at all."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    started = now()
    with pytest.raises(type(error)):
        async with limiter.slot():
            raise error
    assert await use(limiter) == started + hold


async def test_slots_given_up_early_and_answered_late_come_back_in_their_own_time() -> None:
    """A slot that is held longer does not hold back one that was taken after it."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()
    with pytest.raises(TransportError):
        async with limiter.slot():
            raise TransportError("reset", "/")
    await use(limiter, seconds=1.0)
    assert [await use(limiter), await use(limiter)] == [started + 11.0, started + 10.0 + GIVEN_UP_MARGIN]


async def test_cancelled_in_the_queue_leaves_no_trace() -> None:
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


async def test_the_cancelled_do_not_count_as_waiting() -> None:
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


async def test_nobody_jumps_the_queue_when_the_loop_was_busy() -> None:
    """A slot that came free while the loop was blocked goes to who waited for it, not to who comes next."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    await use(limiter)
    waiting = asyncio.create_task(use(limiter))
    await asyncio.sleep(1.0)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.block(20.0)
    newcomer = await use(limiter)
    assert newcomer - await waiting == 10.0


async def test_cancelled_at_the_very_moment_of_its_turn_passes_the_slot_on() -> None:
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


async def test_a_waiter_cancelled_a_moment_before_its_turn_is_skipped() -> None:
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


async def test_interactive_goes_before_any_queue_of_bulk() -> None:
    """A page takes the next free slot, however many bulk requests wait."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()
    bulk = [asyncio.create_task(use(limiter, BULK)) for _ in range(40)]
    await asyncio.sleep(5.0)
    assert await use(limiter) == started + 10.0
    assert max(await asyncio.gather(*bulk)) == started + 200.0


async def test_within_a_priority_it_is_first_come_first_served() -> None:
    """Waiters of one priority are served in the order in which they came."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
    for priority in Priority:
        taken = await asyncio.gather(*(use(limiter, priority) for _ in range(20)))
        assert taken == sorted(taken)


async def test_bulk_is_not_starved_by_endless_pages() -> None:
    """Under endless interactive load a bulk waiter still gets its slot, after a bounded number of others."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1.0)])
    started = now()

    async def pages() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3 * MOST_PASSED_OVER):
                group.create_task(use(limiter))

    load = asyncio.create_task(pages())
    await asyncio.sleep(0.5)
    first, second = await asyncio.gather(use(limiter, BULK), use(limiter, BULK))
    assert first - started <= MOST_PASSED_OVER + 1
    assert MOST_PASSED_OVER < second - first <= MOST_PASSED_OVER + 1
    await load


async def test_each_free_slot_wakes_exactly_one_waiter() -> None:
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


async def test_a_wait_that_cannot_fit_is_refused_before_it_begins() -> None:
    """Whoever cannot get a slot by its deadline learns it at once, and how long it would have waited."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    await fill(limiter, 2)
    queued = [asyncio.create_task(use(limiter)) for _ in range(3)]
    started = now()
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=started + 15.0):
            pytest.fail("the fourth in the queue has to wait for the second window")
    assert now() == started
    assert (refused.value.wait_needed, refused.value.deadline) == (20.0, 15.0)
    await asyncio.gather(*queued)


async def test_the_earliest_slot_may_be_one_in_flight() -> None:
    """A slot in flight can be back before one that was given up on: who could make it is not refused."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    with pytest.raises(TransportError):
        async with limiter.slot():
            raise TransportError("reset", "/")
    started = now()
    holder = asyncio.create_task(use(limiter, seconds=1.0))
    await asyncio.sleep(0)
    async with limiter.slot(deadline=started + 15.0):
        assert now() == started + 11.0
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=now() + 5.0):
            pytest.fail("the next is the one that was given up on")
    assert refused.value.wait_needed == 9.0
    await holder


async def test_slots_still_in_flight_are_counted_as_a_window_away() -> None:
    """A slot whose answer is not in yet cannot come free within a window, which decides a refusal too."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    holder = asyncio.create_task(use(limiter, seconds=30.0))
    await asyncio.sleep(1.0)
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=now() + 9.0):
            pytest.fail("no slot can come free so soon")
    assert refused.value.wait_needed == 10.0
    await holder


async def test_a_deadline_that_passes_in_the_queue_ends_the_wait() -> None:
    """When answers are slower than hoped for, a waiter is let go at its deadline and leaves no trace."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    holder = asyncio.create_task(use(limiter, seconds=30.0))
    await asyncio.sleep(0)
    started = now()
    with pytest.raises(DeadlineExceededError) as refused:
        async with limiter.slot(deadline=started + 12.0):
            pytest.fail("the slot is held for longer")
    assert now() == started + 12.0
    assert refused.value.deadline == 12.0
    await holder
    assert await use(limiter) == started + 40.0


async def test_a_free_slot_needs_no_deadline() -> None:
    """A slot that is free is given, even to one whose deadline is now."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with limiter.slot(deadline=now()):
        pass


async def test_a_429_pauses_everyone() -> None:
    """After a 429 nobody is sent until its pause is over, whatever slots are free."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
    started = now()
    with pytest.raises(RateLimitError):
        async with limiter.slot():
            raise RateLimitError(429, "/", pause=4.0)
    assert await asyncio.gather(*(use(limiter, p) for p in Priority)) == [started + 4.0] * 2


async def test_pauses_at_once_do_not_add_up() -> None:
    """Of several 429s at once, the longest pause holds."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0)])
    started = now()

    async def refused(pause: float) -> None:
        async with limiter.slot():
            await asyncio.sleep(1.0)
            raise RateLimitError(429, "/", pause=pause)

    await asyncio.gather(*(refused(pause) for pause in (4.0, 6.0, 5.0)), return_exceptions=True)
    assert await use(limiter) == started + 7.0


async def test_a_pause_too_long_for_a_waiter_is_told_at_once() -> None:
    """A waiter with a deadline before the end of a pause is let go when the pause begins."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()

    async def refused() -> float:
        async with limiter.slot():
            await asyncio.sleep(3.0)
            raise RateLimitError(429, "/", pause=30.0)

    async def page() -> float:
        async with limiter.slot(deadline=started + 20.0):
            return now()

    holders = [asyncio.create_task(refused()), asyncio.create_task(use(limiter, seconds=3.0))]
    await asyncio.sleep(0)
    hasty, gone, patient = (asyncio.create_task(c) for c in (page(), page(), use(limiter)))
    await asyncio.sleep(1.0)
    asyncio.get_running_loop().call_at(started + 3.0, gone.cancel)
    with pytest.raises(DeadlineExceededError) as told:
        await hasty
    assert now() == started + 3.0
    assert (told.value.wait_needed, told.value.deadline) == (30.0, 17.0)
    assert await patient == started + 33.0
    await asyncio.gather(*holders[1:], gone, return_exceptions=True)
    with pytest.raises(RateLimitError):
        await holders[0]


async def test_a_429_without_a_pause_of_its_own_pauses_nobody() -> None:
    """A RateLimitError that names no pause is an answer like any other."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    started = now()
    with pytest.raises(RateLimitError):
        async with limiter.slot():
            raise RateLimitError(429, "/")
    assert await use(limiter) == started


@pytest.mark.parametrize("deadline", [None, 5.0], ids=["patient", "with deadline"])
async def test_a_used_up_day_is_told_at_once(deadline: float | None) -> None:
    """When the daily allowance is used up, a call learns at once when to come back instead of hanging."""
    limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(3, per=DAY)])
    await fill(limiter, 3)
    await asyncio.sleep(3_600.0)
    with pytest.raises(QuotaExhaustedError) as told:
        async with limiter.slot(deadline=None if deadline is None else now() + deadline):
            pytest.fail("there is no slot")
    assert told.value.resets_in == DAY - 3_600.0
    await asyncio.sleep(DAY - 3_600.0)
    await use(limiter)


async def test_a_queue_behind_a_used_up_day_is_let_go() -> None:
    """Those who wait while the last of the day's slots is used learn it too, with nothing left behind."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0), RateLimit(2, per=DAY)])
    results = await asyncio.gather(
        *(use(limiter, p) for p in Priority for _ in range(4)), return_exceptions=True
    )
    assert [type(r) for r in results].count(QuotaExhaustedError) == 6


async def test_a_day_that_frees_slots_again_soon_is_waited_for() -> None:
    """An allowance whose next slot is less than ``patience`` away is no reason to fail."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=DAY)], patience=60.0)
    await use(limiter)
    await asyncio.sleep(DAY - 50.0)
    started = now()
    assert await use(limiter) == started + 50.0


async def test_a_day_whose_last_slots_are_in_flight_is_not_used_up_yet() -> None:
    """A slot in flight may come straight back: who waits for it gets it."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=DAY)])
    started = now()

    async def unsent() -> None:
        async with limiter.slot():
            await asyncio.sleep(2.0)
            raise TransportError("refused", "/", sent=False)

    holder = asyncio.create_task(unsent())
    await asyncio.sleep(0)
    assert await use(limiter) == started + 2.0
    with pytest.raises(TransportError):
        await holder


async def test_a_pause_beyond_patience_is_told_to_everyone() -> None:
    """When the service asks for more patience than there is, callers are told instead of kept waiting."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)], patience=60.0)

    async def refused() -> None:
        async with limiter.slot():
            await asyncio.sleep(1.0)
            raise RateLimitError(429, "/", pause=3_600.0)

    holder = asyncio.create_task(refused())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(use(limiter))
    with pytest.raises(QuotaExhaustedError):
        await waiting
    with pytest.raises(QuotaExhaustedError) as told:
        await use(limiter)
    assert told.value.resets_in == 3_600.0
    await asyncio.gather(holder, return_exceptions=True)


async def test_a_limiter_on_two_loops_at_once_says_so() -> None:
    """Two running loops cannot share a limiter, and are told what to do instead."""
    limiter = SlidingWindowLimiter([RateLimit(2, per=10.0)])
    await use(limiter)

    told: list[str] = []

    def elsewhere() -> None:
        try:
            asyncio.run(use_once())
        except UsageError as error:
            told.append(str(error))

    async def use_once() -> float:
        return await use(limiter)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    (text,) = told
    assert "one limiter per loop" in text


def test_a_limiter_goes_on_counting_on_the_next_loop() -> None:
    """A second ``asyncio.run`` in one process starts with what the first one used."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])

    async def waited() -> float:
        started = now()
        return await use(limiter) - started

    assert [run_virtual(waited()), run_virtual(waited())] == [0.0, 10.0]


@pytest.mark.parametrize("requests", [0, -1, 1.5, True, "100", None])
def test_a_limit_of_no_whole_number_is_refused(requests: int) -> None:
    """RateLimit takes whole numbers of requests from 1 up."""
    with pytest.raises(UsageError, match="requests"):
        RateLimit(requests, per=10.0)


@pytest.mark.parametrize("per", [0, -1.0, math.nan, math.inf, True, "10"])
def test_a_window_of_no_length_is_refused(per: float) -> None:
    """RateLimit takes finite windows longer than 0 s."""
    with pytest.raises(UsageError, match="per"):
        RateLimit(1, per=per)


def test_a_limiter_without_limits_is_refused() -> None:
    """A limiter that limits nothing is a mistake."""
    with pytest.raises(UsageError, match="at least one"):
        SlidingWindowLimiter([])


@pytest.mark.parametrize("patience", [-1.0, math.nan, None])
def test_a_patience_that_is_none_is_refused(patience: float) -> None:
    """How long to be patient is a number of seconds, 0 or above."""
    with pytest.raises(UsageError, match="patience"):
        SlidingWindowLimiter([RateLimit(1, per=1.0)], patience=patience)


def test_ten_thousand_waiters_are_no_burden() -> None:
    """Ten thousand callers gathered at once are all served, in the time the limit gives."""

    async def main() -> None:
        limiter = SlidingWindowLimiter([RateLimit(100, per=10.0), RateLimit(50_000, per=DAY)])
        started = now()
        await asyncio.gather(*(use(limiter, BULK) for _ in range(10_000)))
        assert now() - started == 990.0

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:  # asyncio's debug mode would take its time
        runner.run(main())

"""Random histories of requests over every store at once, beside a reference that counts as the service does."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack
from typing import Literal

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from meltingspot_async import Priority, RateLimit, RateLimitError, SlidingWindowLimiter, TransportError
from meltingspot_async.rate_limit._shared import SharedLimiter

from ..support.clock import VirtualLoop, now
from ..support.limit_file import fast_folder
from ..support.limiters import BULK, InRedis, InSqlite, free_slots
from ..support.redis_server import RedisServer
from ..support.thorough import thorough, try_histories

pytestmark = thorough

LIMIT, KEPT_FREE = RateLimit(4, per=4.0125), 2
"""Everything happens at whole seconds but for what the limiters do by themselves: so that stores which round times can
be compared with those that do not. A batch leaves two slots free."""
PAUSE, TRAVELS_ON = 2.5125, 10.0
"""For so long a 429 pauses the key, and a request that was given up may still arrive."""
LATE = 0.05
"""Seconds by which a slot may come later than it could."""
PASSED_OVER = 50
"""Slots that pages get while a batch waits, until it gets the next one, and if need be one of those kept free."""

End = Literal["answered", "refused", "given up", "unsent"]


@attrs.define(eq=False)
class Request:
    """One request over one store. Times are infinite as long as they are not known."""

    priority: Priority
    end: asyncio.Future[End]
    task: asyncio.Task[None] | None = None
    taken: float = float("inf")
    free: float = float("inf")
    """When its slot is free again: nothing of it is in a window that begins later."""


@attrs.define
class OneStore:
    """What one store gave, and, as the reference, what it may give."""

    limiter: SlidingWindowLimiter | SharedLimiter
    requests: list[Request] = attrs.field(factory=list[Request])
    paused_at: float = -1.0
    paused_until: float = -1.0
    passed_over: int = 0
    """How many pages got slots since the last batch did, while one waited."""

    def used(self, at: float) -> int:
        """Slots that are not free at a time."""
        return sum(request.taken <= at < request.free for request in self.requests)

    def may_be_used_by(self, priority: Priority) -> int:
        """How many slots have to be in use for one more to be too many."""
        # Those who got their slots in one moment may learn it in another order.
        is_late = self.passed_over > PASSED_OVER - LIMIT.requests
        return LIMIT.requests - (KEPT_FREE if priority is BULK and not is_late else 0)

    def count_passed_over(self, priority: Priority) -> None:
        """Heed that somebody gets a slot."""
        batch_waits = any(each.priority is BULK and each.taken == each.free for each in self.requests)
        self.passed_over = self.passed_over + 1 if batch_waits and priority is not BULK else 0

    def ask(self, priority: Priority) -> None:
        request = Request(priority, asyncio.get_running_loop().create_future())
        self.requests.append(request)
        request.task = asyncio.create_task(self._carry_out(request))

    async def _carry_out(self, request: Request) -> None:
        lasts = 0.0
        try:
            async with self.limiter.slot(request.priority):
                assert self.used(now() + 1e-6) < self.may_be_used_by(request.priority)
                # Two may get their slots in the same moment, and the first of them be refused in it.
                assert now() == self.paused_at or now() >= self.paused_until - 1e-6
                self.count_passed_over(request.priority)
                request.taken, lasts = now(), LIMIT.per + TRAVELS_ON
                end = await request.end
                lasts = {"unsent": 0.0, "given up": lasts}.get(end, LIMIT.per)
                if end == "refused":
                    if request.taken >= self.paused_at:
                        self.paused_at, self.paused_until = now(), now() + PAUSE
                    raise RateLimitError(429, "/", pause=PAUSE)
                if end != "answered":
                    raise TransportError(end, "/", sent=end != "unsent")
        except (RateLimitError, TransportError):
            pass
        finally:
            request.free = now() + lasts

    def seen(self) -> list[tuple[bool, bool]]:
        """Of each request, whether it got its slot, and whether it has ended."""
        return [(each.taken < now(), each.free < float("inf")) for each in self.requests]

    def keeps_nobody_waiting(self) -> bool:
        """Whether no page waits while a slot has been free for a while."""
        waits = any(
            each.priority is not BULK and each.taken == each.free == float("inf") for each in self.requests
        )
        return not waits or self.used(now() - LATE) >= LIMIT.requests or now() < self.paused_until + LATE


class Limiters(RuleBasedStateMachine):
    """The same requests over three stores."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.open = AsyncExitStack()
        self.is_refused = False
        self.stores: list[OneStore] = []
        self.runner.run(self._begin(server))

    async def _begin(self, server: RedisServer) -> None:
        self.stores.append(OneStore(SlidingWindowLimiter([LIMIT], reserve=0.3)))
        path = self.open.enter_context(fast_folder()) / "limit"
        for kind in (InRedis(server), InSqlite(path)):
            limiter = await self.open.enter_async_context(kind.one(uuid.uuid4().hex, LIMIT, reserve=0.3))
            self.stores.append(OneStore(limiter))

    @rule(priority=st.sampled_from(Priority), count=st.integers(1, 4))
    def ask(self, priority: Priority, count: int) -> None:
        async def act() -> None:
            for store in self.stores:
                for _ in range(count):
                    store.ask(priority)

        self.runner.run(act())
        self.pass_time(1)

    @rule(data=st.data(), how=st.sampled_from(["answered", "answered", "refused", "given up", "unsent"]))
    def end(self, data: st.DataObject, how: End) -> None:
        """Whoever holds a slot, or gets one later, ends like this."""
        open_ones = [n for n, each in enumerate(self.stores[0].requests) if not each.end.done()]
        if not open_ones:
            return
        number = data.draw(st.sampled_from(open_ones))
        self.is_refused |= how == "refused"

        async def act() -> None:
            for store in self.stores:
                store.requests[number].end.set_result(how)

        self.runner.run(act())
        self.pass_time(1)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.stores[0].requests:
            return
        number = data.draw(st.integers(0, len(self.stores[0].requests) - 1))

        async def act() -> None:
            for store in self.stores:
                task = store.requests[number].task
                assert task is not None
                task.cancel()

        self.runner.run(act())
        self.pass_time(1)

    @rule(seconds=st.integers(1, 15))
    def pass_time(self, seconds: int) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @invariant()
    def stores_agree(self) -> None:
        """Every store has given the same requests their slots, and keeps no page waiting while a slot is free."""

        async def check() -> None:
            for store in self.stores:
                if (
                    not self.is_refused
                ):  # what was learned from a 429 is tried at a step, which stores take at other times
                    assert store.seen() == self.stores[0].seen()
                    assert store.keeps_nobody_waiting()

        self.runner.run(check())

    def teardown(self) -> None:
        """In the end nobody has starved, and every slot is free."""

        async def end() -> None:
            for store in self.stores:
                for request in store.requests:
                    if not request.end.done():
                        request.end.set_result("answered")
            await asyncio.sleep(20.0 * (10 + len(self.stores[0].requests)))
            for store in self.stores:
                for request in store.requests:
                    assert request.task is not None
                    assert request.task.cancelled() or request.task.result() is None
                assert await free_slots(store.limiter) == {LIMIT: LIMIT.requests}
            await self.open.aclose()

        with self.runner:
            self.runner.run(end())


def test_batch_behind_many_pages_gets_one_of_the_slots_kept_free(server: RedisServer) -> None:
    """Over every store a batch that fifty pages passed over gets the next slot, though it is kept free for pages."""
    machine = Limiters(server)
    machine.ask(Priority.INTERACTIVE, LIMIT.requests)
    machine.ask(BULK, 1)
    for _ in range(15):
        machine.ask(Priority.INTERACTIVE, 4)
    machine.teardown()
    for store in machine.stores:
        batch = store.requests.pop(LIMIT.requests)
        pages = sorted(page.taken for page in store.requests)
        # The fifty after those that had come before it, and the batch, whose window has room for both.
        assert pages[LIMIT.requests + PASSED_OVER - 1] == batch.taken < pages[-1]


def test_stores_give_slots_alike_and_as_the_service_counts(server: RedisServer) -> None:
    """Whatever requests do, stores give the same slots, none too many or too early; nobody starves, no slot is lost."""
    try_histories(lambda: Limiters(server), 10, 400)

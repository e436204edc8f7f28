"""Random histories of callers of one item, who share requests and kept answers, beside a reference of both."""

from __future__ import annotations

import asyncio
import math

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from multidict import CIMultiDict

from meltingspot_async import (
    CourseParticipant,
    Freshness,
    MeltingSpotClient,
    MeltingSpotError,
    RetryPolicy,
)
from meltingspot_async._http.response import RawResponse
from meltingspot_async.models import to_json
from meltingspot_async.testing import make_course_participant

from ..support.clock import VirtualLoop, now
from ..support.limiters import NoLimit
from ..support.thorough import thorough, try_histories

pytestmark = thorough

FRESH, STALE = 6.25, 15.25
"""For so long an answer is fresh, and so old one may be given at all. Nothing else happens at quarters of a second."""
POLICY = RetryPolicy(attempts=1, max_throttled=0.0)
"""Calls end at their first failure: retries are another story."""

Outcome = int | str
"""What a caller gets: the rate of a participant, or the name of an error."""


@attrs.define(eq=False)
class Caller:
    """Who asks for the item."""

    task: asyncio.Task[CourseParticipant]
    deadline: float
    expected: Outcome | None = None
    """What the reference says that it gets; ``None`` while it waits."""


class Sharing(RuleBasedStateMachine):
    """One item. The reference knows the last answer, whether there is trouble, and who waits for the next answer."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.requests: list[asyncio.Future[RawResponse]] = []
        self.callers: list[Caller] = []
        self.rate, self.kept, self.arrived = 0, 0, -math.inf
        self.is_trouble = self.is_forgotten = False
        self.client = self.runner.run(self._client())
        self.ask(None, 1)
        self.answer(200)

    async def _client(self) -> MeltingSpotClient:
        freshness = Freshness(max_age=FRESH, stale_if_error=STALE - FRESH)
        client = MeltingSpotClient("k", limiter=NoLimit(), retry=POLICY, freshness=freshness, deadline=None)
        pytest.MonkeyPatch().setattr(client.session_manager._exchange.transport, "send", self._send)
        return client

    async def _send(self, request: object) -> RawResponse:
        """The service: it answers when a rule says so."""
        self.requests.append(asyncio.get_running_loop().create_future())
        return await self.requests[-1]

    @property
    def open(self) -> list[asyncio.Future[RawResponse]]:
        return [request for request in self.requests if not request.done()]

    @property
    def waiting(self) -> list[Caller]:
        return [caller for caller in self.callers if caller.expected is None]

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def stand_in(self, otherwise: str) -> Outcome:
        """What a caller gets whose own request failed, at this moment."""
        self.is_trouble = True
        return self.kept if self.runner.get_loop().time() - self.arrived < STALE else otherwise

    @rule(deadline=st.sampled_from([None, 2.5, 7.5]), count=st.integers(1, 3))
    def ask(self, deadline: float | None, count: int) -> None:
        """Callers come. Together they cost a request at most, and none if there is an answer for them."""

        async def act() -> None:
            age = now() - self.arrived
            is_given = age < FRESH or (age < STALE and self.is_trouble)
            before, were_open = len(self.requests), len(self.open)
            client = self.client.with_options(deadline=deadline)
            for _ in range(count):
                task = asyncio.create_task(client.course_participants.get("c", "participant-0"))
                caller = Caller(task, now() + (deadline or math.inf), self.kept if is_given else None)
                self.callers.append(caller)
            await self.settle()
            assert len(self.requests) - before == (0 if is_given else 1 - were_open)

        self.runner.run(act())

    @precondition(lambda self: self.open)
    @rule(status=st.sampled_from([200, 200, 404, 500, 503]))
    def answer(self, status: int) -> None:
        """The service answers the request under way: all who wait for it get the same."""
        self.rate += 1
        item = attrs.evolve(make_course_participant(0, course_id="c"), completion_rate=self.rate)
        response = RawResponse(status, CIMultiDict(), to_json(item).encode() if status == 200 else b"")
        whom, is_late, self.is_forgotten = self.waiting, self.is_forgotten, False
        if status == 200:
            outcome: Outcome = self.rate
            if not is_late:
                self.kept, self.arrived = self.rate, self.runner.get_loop().time()
            self.is_trouble = False
        elif status == 404:
            outcome, self.arrived, self.is_trouble = "NotFoundError", -math.inf, False
        else:
            outcome = self.stand_in("ServerError")
        for caller in whom:
            caller.expected = outcome

        async def act() -> None:
            self.open[0].set_result(response)
            await self.settle()

        self.runner.run(act())

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A caller leaves."""
        caller = data.draw(st.sampled_from(self.waiting))
        caller.expected = "CancelledError"

        async def act() -> None:
            caller.task.cancel()
            await self.settle()

        self.runner.run(act())

    @rule()
    def forget(self) -> None:
        """The program learns that something changed: what was asked for before is not kept."""
        self.client.forget()
        self.arrived, self.is_forgotten = -math.inf, bool(self.open)

    @rule(seconds=st.integers(1, 3))
    def pass_time(self, seconds: int) -> None:
        async def half_a_second() -> None:
            await asyncio.sleep(0.5)
            await self.settle()

        for _ in range(2 * seconds):
            self.runner.run(half_a_second())
            for caller in self.waiting:
                if caller.deadline <= self.runner.get_loop().time():
                    caller.expected = self.stand_in("DeadlineExceededError")

    @precondition(lambda self: self.runner.get_loop().time() - self.arrived < FRESH)
    @rule(status=st.sampled_from([None, 200, 404, 500, 503]))
    def expire(self, status: int | None) -> None:
        """The answer becomes stale, and somebody asks: chance alone seldom meets that while it may still be given."""
        self.pass_time(7)
        self.ask(None, 1)
        if self.waiting and status is not None:
            self.answer(status)

    @invariant()
    def everybody_has_what_is_theirs(self) -> None:
        """Callers have what the reference says, one request is under way at most, and none for nobody."""
        for caller in self.callers:
            assert caller.task.done() == (caller.expected is not None)
            if caller.task.done():
                assert outcome_of(caller.task) == caller.expected
        assert len(self.open) <= 1
        if self.waiting:
            assert self.open
        if self.open and not self.waiting:
            assert self.is_trouble  # it is asked for behind
        self.is_forgotten = self.is_forgotten and bool(self.open)

    def teardown(self) -> None:
        """Closed, the client leaves nothing behind."""

        async def end() -> None:
            for caller in self.waiting:
                caller.task.cancel()
            await self.settle()
            await self.client.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert not self.open

        with self.runner:
            self.runner.run(end())


def outcome_of(task: asyncio.Task[CourseParticipant]) -> Outcome:
    if task.cancelled():
        return "CancelledError"
    error = task.exception()
    assert error is None or isinstance(error, MeltingSpotError)
    return task.result().completion_rate if error is None else type(error).__name__


def test_callers_of_one_item_share_requests_and_answers() -> None:
    """Whoever comes, leaves or runs out of time, each caller gets what is due, over no more requests than it takes."""
    try_histories(Sharing, 30, 500)

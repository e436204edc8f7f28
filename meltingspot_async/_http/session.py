"""One GET, from path to bytes: a slot, an attempt, and a wait before the next one."""

from __future__ import annotations

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

import attrs

from .._redaction import shown_path
from ..errors import ApiError, TransportError
from ..events import Event, InvalidItem
from ..rate_limit import Priority, RateLimiter
from .attempt_slot import AttemptSlot
from .call import Call, CallsUnderWay
from .coalescing import InFlight
from .endpoint import Endpoint, Params
from .exchange import Exchange, Reply
from .headers import base_headers
from .identity import wrong_item
from .list_habits import ListHabits
from .options import OptionChanges, RequestOptions
from .refreshing import Refreshing
from .reporter import Reporter
from .response import RawResponse
from .retry import AttemptFailure, RetryBudget
from .streaming import entered_within
from .transport import Transport
from .waiting import wait_before_next_attempt

if TYPE_CHECKING:
    from ..models._converter import Notice

T = TypeVar("T")


class SessionManager:
    """Issues GETs to any path, with the retries, the limit, the checks and the errors of every call.

    Made by :class:`~meltingspot_async.MeltingSpotClient`, whose ``get`` is the way to an endpoint that has no
    method yet.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        limiter: RateLimiter,
        options: RequestOptions,
        on_event: Callable[[Event], None] | None,
        user_agent: str | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._limiter = limiter
        self._options = options
        self._pool = transport.pool
        self._reporter = Reporter(on_event, endpoint.base_url, endpoint.api_key)
        self._exchange = Exchange(endpoint, transport, self._reporter, base_headers(user_agent))
        self.report: Callable[[Event], None] = self._reporter.report
        """To be called with what happened to an answer."""
        self.shown: Callable[[InvalidItem], InvalidItem] = self._reporter.shown
        """An odd item as errors may show it."""
        self.sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
        """How a call waits before it is sent again. Tests may replace it, to skip the wait."""
        self.list_habits: defaultdict[str, ListHabits] = defaultdict(ListHabits)
        """What the answers have shown of the lists of each resource."""
        self.fresh: Refreshing = Refreshing(self.report)
        """Items that were received, and may be given again."""
        self._budget = RetryBudget()
        self._in_flight: InFlight[Reply] = InFlight(self._reporter.joined)
        self._calls = CallsUnderWay()

    def __repr__(self) -> str:
        return f"SessionManager(base_url={self.base_url!r})"

    @property
    def base_url(self) -> str:
        """The service's address, without a slash at its end."""
        return self._endpoint.base_url

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """A copy that shares everything but the options changed."""
        twin = copy.copy(self)
        twin._options = attrs.evolve(self._options, **changes)
        return twin

    @property
    def options(self) -> RequestOptions:
        """How calls are made."""
        return self._options

    def with_default_priority(self, priority: Priority) -> Self:
        """A copy whose requests have this priority, unless the caller chose one by ``with_options``."""
        return self.with_options(priority=self._options.priority or priority)

    async def aclose(self) -> None:
        """End the calls under way and close what was opened here; a session that was given stays open."""
        self._pool.check_loop()
        await self.fresh.close()
        await self._in_flight.close()
        await self._calls.close()
        await self._pool.close()

    def check_open(self) -> None:
        """Refuse to be used when closed, or on another loop.

        :raises UsageError: the client or the session given is closed, or belongs to another event loop.
        """
        self._pool.open()

    def forget(self, path: str | None = None) -> None:
        """Give no answer again that was received before; see :meth:`MeltingSpotClient.forget
        <meltingspot_async.MeltingSpotClient.forget>`.
        """
        if path is not None:
            self._endpoint.url(path, None)
        self.fresh.kept.forget(path)

    def notice(self, call_id: str, path: str) -> Notice:
        """What is to be called with what the answer to a call holds beyond the documentation."""
        return partial(self._reporter.notice, call_id, shown_path(path))

    async def get(
        self, path: str, params: Params | None = None, *, item_id: str | None = None
    ) -> RawResponse:
        """The answer to ``GET path``.

        :param path: absolute and percent-encoded, such as ``/v1/courses``.
        :param params: query parameters; brackets in their names are sent as they are.
        :param item_id: the ``id`` that an answer must have which is an object, in any case, percent-encoded or not. If
            it has another or none, it belongs to somebody else's request: the connections kept open are not used any
            more, and the call is tried again like after a broken connection. By default any answer will do.
        :returns: any 2xx answer.
        :raises UsageError: before anything is sent.
        :raises ApiError: the service answered something else, after the retries that make sense.
        :raises TransportError: no complete answer, after the retries.
        :raises DeadlineExceededError: the deadline does not allow the next wait, or has passed.
        :raises QuotaExhaustedError: the allowance of the key is used up.
        :raises InvalidResponseError: the answer is larger than ``max_response_bytes``, or has another id than
            ``item_id`` after all retries.
        """
        return (await self.ask(path, params, item_id=item_id)).response

    async def ask(
        self,
        path: str,
        params: Params | None = None,
        *,
        item_id: str | None = None,
        call_id: str | None = None,
    ) -> Reply:
        """The same as :meth:`get`, with the number of the request that was answered.

        :param call_id: what the events of the call are joined by. Default: an id of its own.
        """
        url = self._endpoint.url(path, params)
        self.check_open()
        call = Call.begin(path, self._options, item_id, call_id)
        with self._reporter.call(call) as outcome:
            reply = await self._in_flight.answer(call, url, self._reply)
            outcome.status = reply.response.status
        return reply

    async def _reply(self, call: Call, url: str) -> Reply:
        """Attempts until one succeeds."""
        failure: AttemptFailure
        while True:
            try:
                async with self._slot(call):
                    connections = self._pool.open()
                    response = await self._exchange.send(call, url)
                    self._exchange.raise_for_status(call, response)
                reply = Reply(response, call.asked, call.id)
                wrong = wrong_item(reply, call.item_id)
                if wrong is None:
                    self._budget.earn()
                    return reply
                await self._pool.retire(connections)
                failure = wrong
            except (ApiError, TransportError) as error:
                failure = error
            await self._wait(call, failure)

    def _slot(self, call: Call) -> AttemptSlot:
        return AttemptSlot(call, self._limiter, self.fresh.kept.numbers)

    async def _wait(self, call: Call, failure: AttemptFailure) -> None:
        """Wait until it is time for the call's next attempt, or raise if there is to be none."""
        retry = call.options.retry
        if wait := wait_before_next_attempt(call, failure, retry, self._budget, self._reporter):
            await self.sleep(wait)

    async def lines(
        self, path: str, params: Callable[[], Params], read: Callable[[bytes, Notice], T | None]
    ) -> AsyncGenerator[T, None]:
        """What the lines of JSON that answer ``GET path`` amount to, as they arrive, in flat memory.

        :param params: called for the query of each attempt. After an answer that broke off, it must ask for
            what follows the last line.
        :param read: called with each line that is not blank, and what to call with drift; ``None`` for one that brings
            nothing new.
        :raises InvalidResponseError: a line is longer than 1 MiB, or the status is a success other than 200.

        and whatever :meth:`get` raises. ``timeout`` bounds the wait for the next line; ``deadline`` the whole way
        to the next one that brings something new, retries included, but not the time that the caller takes.
        """
        self.check_open()
        call = Call.begin(path, self._options)
        notice, scope = self.notice(call.id, path), partial(self._calls.scope, call)
        with self._reporter.call(call) as outcome:
            while True:
                url = self._endpoint.url(path, params())
                try:
                    async with (
                        entered_within(scope, self._slot(call)),
                        aclosing(self._exchange.lines(call, url, scope)) as lines,
                    ):
                        async for line in lines:
                            item = read(line, notice)
                            if item is not None:
                                yield item
                                call.progress()
                    self._budget.earn()
                    outcome.status = 200
                    return
                except (ApiError, TransportError) as error:
                    failure = error
                async with scope():
                    await self._wait(call, failure)

    async def probe(self, path: str, params: Params | None = None) -> RawResponse:
        """The answer to one request, of whatever status and without a retry: to look at what the service does.

        Only a 429 is raised, since it pauses the key.
        """
        url = self._endpoint.url(path, params)
        self.check_open()
        call = Call.begin(path, attrs.evolve(self._options, deadline=None))
        with self._reporter.call(call) as outcome:
            async with self._slot(call):
                response = await self._exchange.send(call, url)
                if response.status == 429:
                    self._exchange.raise_for_status(call, response)
            outcome.status = response.status
        return response

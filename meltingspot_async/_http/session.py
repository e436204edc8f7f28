"""One GET, from path to bytes: slot, attempt, retry. With ``http_session``, all there is to aiohttp."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import Self, Unpack

import aiohttp
import attrs

from .._version import __version__
from ..errors import (
    ApiError,
    DeadlineExceededError,
    InvalidResponseError,
    MeltingSpotError,
    RateLimitError,
    RequestTimeoutError,
    TransportError,
)
from ..events import (
    AttemptStarted,
    Coalesced,
    Event,
    RetryScheduled,
    Throttled,
    logger,
)
from ..rate_limit import Priority, RateLimiter
from .coalescing import InFlight
from .endpoint import Endpoint
from .json_lines import JsonLines
from .options import OptionChanges, RequestOptions
from .reporter import Reporter
from .response import RawResponse, api_error
from .retry import RetryBudget
from .transport import HttpSession, InterruptedExchangeError, name_of

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"meltingspot-async/{__version__}",
}
ERROR_BODY_BYTES = 65_536
"""Bytes read of an unsuccessful answer: enough for its message."""

_FAILURES = (aiohttp.ClientError, OSError, InterruptedExchangeError)  # OSError: TimeoutError, too


class SessionManager:
    """Issues GETs to any path, with the retry, the limit, the checks and the errors of the whole package.

    Made by :class:`~meltingspot_async.MeltingSpotClient`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        limiter: RateLimiter,
        options: RequestOptions,
        *,
        session: aiohttp.ClientSession | None,
        max_response_bytes: int,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self._endpoint = endpoint
        self._limiter = limiter
        self._options = options
        self._http = HttpSession(session)
        self._max_response_bytes = max_response_bytes
        self._reporter = Reporter(on_event)
        self.notice = self._reporter.notice
        """To be told of what an answer holds beyond the documentation."""
        self._budget = RetryBudget()
        self._in_flight: InFlight[RawResponse] = InFlight()

    def __repr__(self) -> str:
        return f"SessionManager(base_url={self.base_url!r})"

    @property
    def base_url(self) -> str:
        """The service's address, without a slash at its end."""
        return self._endpoint.base_url

    @property
    def _priority(self) -> Priority:
        return self._options.priority or Priority.INTERACTIVE

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """A copy that shares everything but the options changed."""
        twin = copy.copy(self)
        twin._options = attrs.evolve(self._options, **changes)
        return twin

    def in_bulk(self) -> Self:
        """A copy that goes after interactive requests, unless a priority was chosen."""
        return self.with_options(priority=self._options.priority or Priority.BULK)

    async def aclose(self) -> None:
        """Close what was opened here; a session that was given stays open."""
        await self._http.close()

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> RawResponse:
        """The answer to ``GET path``.

        :param path: absolute and percent-encoded, such as ``/v1/courses``.
        :param params: query parameters; brackets in their names are sent as they are.
        :returns: any 2xx answer.
        :raises UsageError: before anything is sent.
        :raises ApiError: the service answered something else, after the retries that make sense.
        :raises TransportError: no complete answer, after the retries.
        :raises DeadlineExceededError: the deadline does not allow the next wait, or has passed.
        :raises QuotaExhaustedError: the allowance of the key is used up.
        :raises InvalidResponseError: the answer is larger than ``max_response_bytes``.
        """
        url = self._endpoint.url(path, params)
        self._http.open()
        allowed = self._options.deadline
        deadline = None if allowed is None else asyncio.get_running_loop().time() + allowed
        if not self._options.coalesce:
            return await self._call(path, url, deadline)
        key = (url, self._options)
        while True:
            joins = key in self._in_flight
            if joins:
                self._reporter.report(Coalesced(path))
            try:
                return await self._in_flight.share(key, lambda: self._call(path, url, deadline))
            except DeadlineExceededError:
                if not joins:  # a request joined had begun earlier: there is time left for another
                    raise

    async def probe(self, path: str, params: Mapping[str, str | int] | None = None) -> RawResponse:
        """The answer to one request, of whatever status and without a retry: to look at what the service does.

        Only a 429 is raised, since it pauses the key.
        """
        url = self._endpoint.url(path, params)
        self._http.open()
        async with self._limiter.slot(self._priority, None):
            response = await self._attempt(path, url, 1)
            if response.status == 429:
                self._raise_for_status(path, response, 0.0)
        return response

    async def _call(self, path: str, url: str, deadline: float | None) -> RawResponse:
        """Attempts until one succeeds, within the deadline: a time of the loop's clock."""
        allowed = self._options.deadline
        if allowed is None:
            return await self._attempts(path, url, None)
        until = asyncio.timeout_at(deadline)
        try:
            async with until:
                return await self._attempts(path, url, deadline)
        except DeadlineExceededError as refusal:
            refusal.deadline = allowed
            raise
        except TimeoutError as error:
            if isinstance(error, MeltingSpotError) or not until.expired():
                raise
            raise DeadlineExceededError(None, allowed) from None

    async def _attempts(self, path: str, url: str, deadline: float | None) -> RawResponse:
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            attempt += 1
            backoff = self._options.retry.backoff(attempt, random.random())
            queued = loop.time()
            try:
                async with self._limiter.slot(self._priority, deadline):
                    self._reporter.report(AttemptStarted(path, attempt, loop.time() - queued))
                    response = await self._attempt(path, url, attempt)
                    self._raise_for_status(path, response, backoff)
                self._budget.earn()
                return response
            except (ApiError, TransportError) as error:
                failure = error
            await self._back_off(path, failure, attempt, backoff, deadline)

    async def _back_off(
        self,
        path: str,
        failure: ApiError | TransportError,
        attempt: int,
        backoff: float,
        deadline: float | None,
    ) -> None:
        """Wait until it is time for another attempt, or raise if there is to be none."""
        loop, policy = asyncio.get_running_loop(), self._options.retry
        failure.attempts = attempt
        wait = policy.wait(failure, backoff)
        if not policy.retries(failure, attempt):
            raise failure
        if deadline is not None and loop.time() + wait > deadline:
            raise DeadlineExceededError(wait, deadline - loop.time()) from failure
        if not self._budget.spend(policy.budget):
            logger.warning("GET %s: not tried again, the retry budget is used up", path)
            raise failure
        reason = str(failure.status) if isinstance(failure, ApiError) else type(failure).__name__
        self._reporter.report(RetryScheduled(path, attempt, reason, wait))
        await asyncio.sleep(wait)

    async def _attempt(self, path: str, url: str, attempt: int) -> RawResponse:
        """One request and its whole answer, of whatever status, within ``timeout``."""
        with self._reporter.attempt(path, attempt) as outcome:
            try:
                async with asyncio.timeout(self._options.timeout), self._request(url) as response:
                    body = await self._read(path, response)
                outcome.status = response.status
                return RawResponse(response.status, response.headers, body)
            except _FAILURES as error:
                failure = self._failure(path, error)
            # Outside the handler, where it takes nothing of aiohttp's along as context: aiohttp's exceptions
            # can hold the request's headers, and with them the key.
            raise failure

    async def lines(
        self, path: str, params: Callable[[], Mapping[str, str | int]]
    ) -> AsyncGenerator[bytes, None]:
        """The lines of JSON that answer ``GET path``, as they come, in flat memory.

        :param params: called for the query of each attempt. After an answer that broke off, it is to give what
            goes on after the last line.
        :raises InvalidResponseError: a line is longer than 1 MiB.

        and whatever :meth:`get` raises. ``timeout`` bounds each silence of the service; ``deadline`` the time
        from the beginning, or from the last line, to the slot of the next attempt.
        """
        self._http.open()
        loop, attempt, allowed = asyncio.get_running_loop(), 0, self._options.deadline
        since = loop.time()
        while True:
            attempt += 1
            backoff = self._options.retry.backoff(attempt, random.random())
            deadline = None if allowed is None else since + allowed
            url, queued = self._endpoint.url(path, params()), loop.time()
            try:
                async with self._limiter.slot(self._priority, deadline):
                    self._reporter.report(AttemptStarted(path, attempt, loop.time() - queued))
                    async with aclosing(self._stream(path, url, attempt, backoff)) as lines:
                        async for line in lines:
                            yield line
                            attempt, since = 1, loop.time()
                self._budget.earn()
                return
            except (ApiError, TransportError) as error:
                failure = error
            deadline = None if allowed is None else since + allowed
            await self._back_off(path, failure, attempt, backoff, deadline)

    async def _stream(self, path: str, url: str, attempt: int, backoff: float) -> AsyncGenerator[bytes, None]:
        """One request and the lines of its answer."""
        timeout, lines, refusal, failure = self._options.timeout, JsonLines(path), None, None
        with self._reporter.attempt(path, attempt) as outcome:
            try:
                async with AsyncExitStack() as stack:
                    async with asyncio.timeout(timeout):
                        response = await stack.enter_async_context(self._request(url))
                        refusal = await self._refusal(path, response)
                    while refusal is None and not response.content.at_eof():
                        async with asyncio.timeout(timeout):
                            piece = await response.content.readany()
                        for line in lines.feed(piece):
                            yield line
                for line in lines.end():
                    yield line
                outcome.status = response.status
            except _FAILURES as error:
                failure = self._failure(path, error)
            if failure is not None:
                raise failure
        if refusal is not None:
            self._raise_for_status(path, refusal, backoff)

    def _request(self, url: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._http.get(url, _HEADERS | self._endpoint.headers())

    def _failure(self, path: str, error: Exception) -> TransportError:
        """What went wrong between us and the service, in our terms."""
        if isinstance(error, TimeoutError):
            return RequestTimeoutError(f"not answered within {self._options.timeout:g} s", path)
        if isinstance(error, aiohttp.ClientConnectorError):
            return TransportError(str(error), path, sent=False)
        return TransportError(f"the connection failed ({name_of(error)})", path)

    async def _read(self, path: str, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if response.status >= 300 and len(body) > ERROR_BODY_BYTES:
                break
            if response.status < 300 and len(body) > self._max_response_bytes:
                problem = f"it is larger than max_response_bytes ({self._max_response_bytes} bytes)"
                raise InvalidResponseError(path, "$", problem)
        return bytes(body)

    async def _refusal(self, path: str, response: aiohttp.ClientResponse) -> RawResponse | None:
        """The whole of an answer that is not a success."""
        if response.status < 300:
            return None
        return RawResponse(response.status, response.headers, await self._read(path, response))

    def _raise_for_status(self, path: str, response: RawResponse, backoff: float) -> None:
        error = api_error(path, response, self._endpoint.api_key, datetime.now(UTC))
        if isinstance(error, RateLimitError):
            error.pause = self._options.retry.wait(error, backoff)
            self._reporter.report(Throttled(path, error.pause))
        if error is not None:
            raise error

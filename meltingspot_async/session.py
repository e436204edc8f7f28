"""One GET, from path to bytes: slot, attempt, retry. The only module that talks to aiohttp."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self, Unpack

import aiohttp
import attrs
from yarl import URL

from .endpoint import Endpoint
from .errors import (
    ApiError,
    DeadlineExceededError,
    InvalidResponseError,
    MeltingSpotError,
    RateLimitError,
    RequestTimeoutError,
    TransportError,
    UsageError,
)
from .events import AttemptFinished, AttemptStarted, Coalesced, Event, RetryScheduled, Throttled, logger
from .in_flight import InFlight
from .options import OptionChanges, RequestOptions
from .rate_limit import Priority, RateLimiter
from .response import RawResponse, api_error
from .retry import RetryBudget
from .version import __version__

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"meltingspot-async/{__version__}",
}
ERROR_BODY_BYTES = 65_536
"""Bytes read of an unsuccessful answer: enough for its message."""

_NO_AIOHTTP_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_read=None, sock_connect=None)


class SessionManager:
    """Issues GETs to any path, with the retry, the limit, the checks and the errors of the whole package.

    It is the way to an endpoint that has no method yet::

        answer = await client.session.get("/v1/groups", params={"limit": 20})
        groups = json.loads(answer.body)

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
        self._http = _HttpSession(session)
        self._max_response_bytes = max_response_bytes
        self._on_event = on_event
        self._budget = RetryBudget()
        self._in_flight: InFlight[RawResponse] = InFlight()

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
                self._tell(Coalesced(path))
            try:
                return await self._in_flight.share(key, lambda: self._call(path, url, deadline))
            except DeadlineExceededError:
                if not joins:  # a request joined had begun earlier: there is time left for another
                    raise

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
        loop, policy = asyncio.get_running_loop(), self._options.retry
        priority = self._options.priority or Priority.INTERACTIVE
        attempt = 0
        while True:
            attempt += 1
            backoff = policy.backoff(attempt, random.random())
            queued = loop.time()
            try:
                async with self._limiter.slot(priority, deadline):
                    self._tell(AttemptStarted(path, attempt, loop.time() - queued))
                    response = await self._attempt(path, url, attempt)
                    self._raise_for_status(path, response, backoff)
                self._budget.earn()
                return response
            except (ApiError, TransportError) as error:
                failure = error
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
            self._tell(RetryScheduled(path, attempt, reason, wait))
            await asyncio.sleep(wait)

    async def _attempt(self, path: str, url: str, attempt: int) -> RawResponse:
        """One request and its whole answer, of whatever status, within ``timeout``."""
        loop = asyncio.get_running_loop()
        started, status, error = loop.time(), None, None
        try:
            response = await self._exchange(path, url)
            status = response.status
            return response
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            self._tell(AttemptFinished(path, attempt, status, error, loop.time() - started))

    async def _exchange(self, path: str, url: str) -> RawResponse:
        # aiohttp's exceptions can hold the request's headers, and with them the key. So ours are raised
        # outside the handlers, where they take none of aiohttp's along as context.
        timeout = self._options.timeout
        try:
            async with (
                asyncio.timeout(timeout),
                self._http.open().get(
                    URL(url, encoded=True),
                    headers=_HEADERS | self._endpoint.headers(),
                    allow_redirects=False,
                    raise_for_status=False,
                    auto_decompress=True,
                    timeout=_NO_AIOHTTP_TIMEOUT,
                    middlewares=(_send_once,),
                ) as response,
            ):
                return RawResponse(response.status, response.headers, await self._read(path, response))
        except TimeoutError:
            failure: TransportError = RequestTimeoutError(f"not answered within {timeout:g} s", path)
        except aiohttp.ClientConnectorError as error:
            failure = TransportError(str(error), path, sent=False)
        except (aiohttp.ClientError, OSError, _InterruptedError) as error:
            failure = TransportError(f"the connection failed ({_name_of(error)})", path)
        raise failure

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

    def _raise_for_status(self, path: str, response: RawResponse, backoff: float) -> None:
        error = api_error(path, response, self._endpoint.api_key, datetime.now(UTC))
        if isinstance(error, RateLimitError):
            error.pause = self._options.retry.wait(error, backoff)
            self._tell(Throttled(path, error.pause))
        if error is not None:
            raise error

    def _tell(self, event: Event) -> None:
        logger.log(event.level, "%s", event)
        if self._on_event is not None:
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - the observer's fault, reported as asyncio does
                context = {"message": "on_event failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)


class _HttpSession:
    """The aiohttp session: opened when and on the loop where it is first needed, closed if it is ours."""

    def __init__(self, given: aiohttp.ClientSession | None) -> None:
        if given is not None and given.auth is not None:
            raise UsageError("The session given has credentials of its own (auth=): make one without.")
        self._given = given
        self._session = given
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> aiohttp.ClientSession:
        """The session, if it can be used here and now."""
        self._check()
        if self._session is None:
            # The limiter bounds what is under way: a pool limit would only eat into the attempts' timeout.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        if self._session.closed:
            raise UsageError("The aiohttp session given to this client has been closed: give it an open one.")
        return self._session

    async def close(self) -> None:
        if self._session is not None and self._given is None and not self._closed:
            self._check()
            await self._session.close()
        self._closed = True

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise UsageError("This client is closed: make a new one.")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise UsageError(
                "This client was first used on another event loop, and its connections belong there: "
                "make one client per event loop."
            )


class _InterruptedError(Exception):
    """A connection broke after the request may have been received."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself.

    When a kept-alive connection breaks, aiohttp repeats a GET once, unseen. The service may have counted the
    first one too, and there is one slot for both. Any error but aiohttp's own passes through unrepeated.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        name = _name_of(error)
    raise _InterruptedError(name)


def _name_of(error: Exception) -> str:
    return str(error) if isinstance(error, _InterruptedError) else type(error).__name__

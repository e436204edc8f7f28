"""The way to the network: one request, sent once. Only this module and ``failures`` know aiohttp.

Whatever aiohttp, what it uses, or a hook of the session given can raise is translated into a
:class:`~meltingspot_async.TransportError`, and nothing else leaves this module once a request is under way.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import aiohttp
import attrs
from yarl import URL

from .._redaction import redacted
from ..errors import RequestTimeoutError, TransportError, UsageError
from .failures import ACCEPTED_ENCODINGS, InterruptedExchangeError, UnknownEncodingError, failure_of
from .response import RawResponse

MAX_ERROR_BODY_BYTES = 65_536
"""Bytes read of an unsuccessful answer: enough for its message."""

MAX_IDLE = 15.0
"""Seconds after which aiohttp closes a connection that nobody uses, unless it was asked for another time."""

MAX_ENCODING_LENGTH = 20
"""Characters shown of the name of an unknown encoding."""

_NO_TIMEOUT = aiohttp.ClientTimeout()


@attrs.frozen
class Request:
    """One GET, as it is sent."""

    path: str
    """Path without the query, for errors."""
    url: str
    """Absolute and encoded."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    timeout: float
    """Seconds for the whole answer; for a stream, for its head and then for each silence."""
    attempt: int
    """Number of the attempt within its call, from 1, for errors."""


class StreamedResponse:
    """An answer whose body is still on its way."""

    def __init__(self, request: Request, response: aiohttp.ClientResponse, head: RawResponse) -> None:
        self._request = request
        self._response = response
        self.head: RawResponse = head
        """Status and headers; the body only of an answer other than 200."""

    async def read(self, seconds: float) -> bytes:
        """The next piece of the body, once it is there; empty at the end, and for an answer other than 200.

        :raises TransportError: the body breaks off, or nothing arrives within so many seconds.
        """
        if self.head.status != 200:
            return b""
        try:
            async with asyncio.timeout(seconds):
                return await self._response.content.readany()
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an error of ours
            failure = _in_our_terms(self._request, error)
        raise failure


@attrs.define(eq=False)
class Connections:
    """A session. A block of it is a request under way; once it is retired, the last of them closes it."""

    session: aiohttp.ClientSession
    _under_way: int = attrs.field(default=0, init=False)
    _is_retired: bool = attrs.field(default=False, init=False)

    async def __aenter__(self) -> None:
        self._under_way += 1

    async def __aexit__(self, *_: object) -> None:
        self._under_way -= 1
        if self._is_retired:
            await self.retire()

    async def retire(self) -> None:
        """Close the session as soon as it is not in use."""
        self._is_retired = True
        if not self._under_way:
            await self.session.close()


class Transport:
    """Sends requests over an aiohttp session: one that was given, or one that it opens on first use and closes.

    :param given: a session to use as it is, or ``None``.
    :param max_response_bytes: bytes of a successful answer, decompressed, after which reading stops.
    :param proxy: address of the proxy that the session opened here goes through, if any.
    """

    def __init__(
        self, given: aiohttp.ClientSession | None, max_response_bytes: int, proxy: str | None = None
    ) -> None:
        if given is not None and given.auth is not None:
            raise UsageError("The session given has credentials of its own (auth=): make one without.")
        self._given = None if given is None else Connections(given)
        self._own: Connections | None = None
        self._opened: list[Connections] = []
        self._closing_until = -math.inf
        self._proxy = proxy
        self.max_response_bytes: int = max_response_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def send(self, request: Request) -> RawResponse | None:
        """The whole answer, of whatever status; ``None`` if it is a success of more than ``max_response_bytes``.

        :raises TransportError: no complete answer arrived.
        """
        connections = self.open()
        try:
            async with (
                asyncio.timeout(request.timeout),
                connections,
                self._get(connections.session, request) as response,
            ):
                head = _head_of(response, request.path)
                if not head.is_success:
                    return await _refusal(response, head)
                body = await _read(response, self.max_response_bytes)
                return None if len(body) > self.max_response_bytes else _with_body(head, body)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an error of ours
            failure = _in_our_terms(request, error)
        raise failure

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[StreamedResponse, None]:
        """The head of an answer, and its body piece by piece, however long it is.

        :raises TransportError: no answer arrived; ``read`` raises it if the body breaks off.
        """
        async with AsyncExitStack() as stack:
            yield await self._head(request, stack)

    def open(self) -> Connections:
        """The connections, if they can be used here and now.

        :raises UsageError: the client or the session given is closed, or belongs to another event loop.
        """
        self._check()
        if self._given is not None:
            if self._given.session.closed:
                raise UsageError(
                    "The aiohttp session given to this client has been closed: give it an open one."
                )
            return self._given
        if self._own is None:
            # The limiter bounds what is under way: a pool limit would only eat into the attempts' timeout.
            connector = aiohttp.TCPConnector(limit=0)
            self._own = Connections(
                aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            )
            self._opened = [*(one for one in self._opened if not one.session.closed), self._own]
        return self._own

    def check_loop(self) -> None:
        """Refuse to be closed on another loop than the one of the connections, if there are any.

        :raises UsageError: this is another loop.
        """
        if self._own is not None:
            self._check()

    async def retire(self, connections: Connections) -> None:
        """Send nothing more over these connections: they may be one answer behind.

        The next request opens a session anew; requests under way end over the old one. A session that was given has
        no way to do that: for a while, each request closes the connection that it used.
        """
        if connections is self._given:
            self._closing_until = asyncio.get_running_loop().time() + MAX_IDLE
        elif connections is self._own:
            self._own = None
            await connections.retire()

    async def close(self) -> None:
        """Close the sessions that were opened here, if any."""
        self._closed = True
        self._own, opened, self._opened = None, self._opened, []
        for connections in opened:
            await connections.session.close()

    def _get(
        self, session: aiohttp.ClientSession, request: Request
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """One request to just this URL, whatever the session given would do by itself."""
        headers = dict(request.headers)
        middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (_send_once,)
        if session.trust_env:
            # aiohttp looks for credentials in netrc then, and refuses to send two: the key comes in later.
            middlewares = (_sign_with(headers.pop("Authorization")), _send_once)
        if asyncio.get_running_loop().time() < self._closing_until:
            headers["Connection"] = "close"
        return session.get(
            URL(request.url, encoded=True),
            headers=headers,
            proxy=self._proxy,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            timeout=_NO_TIMEOUT,
            middlewares=middlewares,
        )

    async def _head(self, request: Request, stack: AsyncExitStack) -> StreamedResponse:
        connections = self.open()
        try:
            async with asyncio.timeout(request.timeout):
                await stack.enter_async_context(connections)
                response = await stack.enter_async_context(self._get(connections.session, request))
                head = _head_of(response, request.path)
                if head.status != 200:
                    head = await _refusal(response, head)
                return StreamedResponse(request, response, head)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an error of ours
            failure = _in_our_terms(request, error)
        raise failure

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


def _head_of(response: aiohttp.ClientResponse, path: str) -> RawResponse:
    """Status and headers of an answer that can be read.

    :raises UnknownEncodingError: it is a success that cannot be read everywhere: which encodings aiohttp knows depends
        on what else is installed.
    """
    head = RawResponse(response.status, response.headers, b"", path)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if head.is_success and encoding not in ACCEPTED_ENCODINGS:
        raise UnknownEncodingError(redacted(encoding, MAX_ENCODING_LENGTH))
    return head


async def _refusal(response: aiohttp.ClientResponse, head: RawResponse) -> RawResponse:
    """An unsuccessful answer, whose body may be cut."""
    return _with_body(head, await _read(response, MAX_ERROR_BODY_BYTES))


def _with_body(head: RawResponse, body: bytearray) -> RawResponse:
    return RawResponse(head.status, head.headers, bytes(body), head.path)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytearray:
    """The body, as far as it goes; reading stops with the piece that brings it over ``most`` bytes."""
    body = bytearray()
    while len(body) <= most and (piece := await response.content.readany()):
        body += piece
    return body


def _sign_with(authorization: str) -> aiohttp.ClientMiddlewareType:
    """Put the key in place of whatever credentials the request has."""

    async def sign(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers["Authorization"] = authorization
        return await handler(request)

    return sign


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself.

    When a kept-alive connection breaks, aiohttp repeats a GET once, unseen. The service may have counted the
    first one too, and both would have one slot. aiohttp repeats nothing after an error that is not its own.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        name = type(error).__name__
    raise InterruptedExchangeError(name)


def _in_our_terms(request: Request, error: Exception) -> TransportError:
    """What went wrong. To be raised outside the handler of ``error``, or it would be kept as the context."""
    path, attempt = request.path, request.attempt
    if isinstance(error, TimeoutError):
        return RequestTimeoutError(f"not answered within {request.timeout:g} s", path, attempt)
    failure = failure_of(error)
    return TransportError(
        failure.reason, path, attempt, sent=failure.sent, remedy=failure.remedy, lasting=failure.lasting
    )

"""The way to the network: one request, sent once. Only this module, ``connections`` and ``failures`` know aiohttp.

Whatever aiohttp, what it uses, or a hook of the session given can raise is translated into a
:class:`~meltingspot_async.TransportError`, and nothing else leaves this module once a request is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import aiohttp
import attrs
from yarl import URL

from .._redaction import redacted
from ..errors import RequestTimeoutError, TransportError
from .connections import ConnectionPool
from .failures import ACCEPTED_ENCODINGS, InterruptedExchangeError, UnknownEncodingError, failure_of
from .response import RawResponse

MAX_ERROR_BODY_BYTES = 65_536
"""Bytes read of an unsuccessful answer: enough for its message."""

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


class Transport:
    """Sends requests.

    :param pool: the connections that they go over.
    :param max_response_bytes: bytes of a successful answer, decompressed, after which reading stops.
    :param proxy: address of the proxy that they go through, if any.
    """

    def __init__(self, pool: ConnectionPool, max_response_bytes: int, proxy: str | None = None) -> None:
        self.pool: ConnectionPool = pool
        self.max_response_bytes: int = max_response_bytes
        self._proxy = proxy

    async def send(self, request: Request) -> RawResponse | None:
        """The whole answer, of whatever status; ``None`` if it is a success of more than ``max_response_bytes``.

        :raises TransportError: no complete answer arrived.
        """
        connections = self.pool.open()
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

    def _get(
        self, session: aiohttp.ClientSession, request: Request
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """One request to just this URL, whatever the session given would do by itself."""
        headers = dict(request.headers)
        middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (_send_once,)
        if session.trust_env:
            # aiohttp looks for credentials in netrc then, and refuses to send two: the key comes in later.
            middlewares = (_sign_with(headers.pop("Authorization")), _send_once)
        if self.pool.closes_after_use:
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
        connections = self.pool.open()
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

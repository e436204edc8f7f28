"""What the fake service can do to a request instead of, or before, answering it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Protocol

import attrs
from aiohttp import web


class Fault(Protocol):
    """Something that happens to a request instead of, or before, its usual answer."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Give another answer than the usual one, or none."""
        ...


@attrs.frozen
class Answer:
    """Another answer: any status, any body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Give this answer."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@attrs.frozen
class Delay:
    """The usual answer, after a delay in seconds."""

    seconds: float

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Wait, then send the usual answer."""
        await asyncio.sleep(self.seconds)
        return usual


@attrs.frozen
class Reset:
    """No answer: the fake receives the request and resets the connection."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Reset the connection."""
        _cut(request, reset=True)
        return usual


@attrs.frozen
class Truncate:
    """Half of the usual answer: the fake closes the connection in the middle of the body."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Send half of the body, and close the connection."""
        body = usual.body if isinstance(usual.body, bytes) else b"{}"
        part = web.StreamResponse(
            headers={"Content-Length": str(len(body)), "Content-Type": "application/json"}
        )
        await part.prepare(request)
        await part.write(body[: len(body) // 2])
        _cut(request, reset=False)
        return part


@attrs.frozen
class Drip:
    """The usual answer a few bytes at a time, which may take for ever."""

    seconds: float
    """Seconds before each piece."""
    size: int = 1
    """Bytes of a piece."""
    before: bytes = b""
    """Sent before the first piece, at once."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Send the body in pieces."""
        body = usual.body if isinstance(usual.body, bytes) else b""
        dripping = web.StreamResponse(headers={"Content-Type": "application/json"})
        await dripping.prepare(request)
        await dripping.write(self.before)
        for start in range(0, len(body), self.size):
            await asyncio.sleep(self.seconds)
            await dripping.write(body[start : start + self.size])
        return dripping


@attrs.frozen
class SendTwice:
    """The usual answer, and a copy of it after the client has read the first, as a confused proxy may do.

    Whoever sends the next request over this connection gets the copy: from then on each answer is one behind.
    """

    delay: float = 0.01
    """Seconds until the copy is sent."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Give the usual answer, and arrange for its copy."""
        transport = request.transport
        assert transport is not None  # a client that hangs up cancels the handler
        body = usual.body if isinstance(usual.body, bytes) else b""
        head = f"HTTP/1.1 {usual.status} {usual.reason}\r\nContent-Length: {len(body)}\r\n\r\n"
        asyncio.get_running_loop().call_later(self.delay, transport.write, head.encode() + body)
        return usual


def _cut(request: web.Request, *, reset: bool) -> None:
    """Close the request's connection, by a reset if ``reset``."""
    transport = request.transport
    assert transport is not None  # a client that hangs up cancels the handler
    if reset:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()

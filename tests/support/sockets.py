"""Servers on loopback that know no HTTP: what they send is up to the test."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def accepting(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    context: ssl.SSLContext | None = None,
    port: socket.socket | None = None,
) -> AsyncGenerator[int, None]:
    """A port on which connections are served; those still open at the end are cut.

    :param port: a socket that is bound already. By default any free port.
    """
    open_ends: dict[asyncio.StreamWriter, asyncio.Task[Any]] = {}

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ends[writer] = task
        with suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        del open_ends[writer]

    if port is None:
        starting = asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    else:
        starting = asyncio.start_server(accept, sock=port, ssl=context)
    async with await starting as server:
        yield server.sockets[0].getsockname()[1]
    for writer in open_ends:
        writer.transport.abort()
    if open_ends:
        await asyncio.wait([*open_ends.values()])


@asynccontextmanager
async def answering(answer: bytes) -> AsyncGenerator[str, None]:
    """The address of a server that gives every request the same answer, byte for byte."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with accepting(serve) as port:
        yield f"http://127.0.0.1:{port}"

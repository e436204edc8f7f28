"""The suite itself: a test that leaves a connection open is the one that fails."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings

import pytest


def test_connection_that_is_open_as_its_loop_closes_is_told() -> None:
    """A loop that is closed before its connections names them; one closed after them does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def connected() -> asyncio.Transport:
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, *server.getsockname()
            )
            return transport

        async def closed() -> None:
            (await connected()).close()

        asyncio.run(closed())
        loop = asyncio.new_event_loop()
        transport = loop.run_until_complete(connected())
        with pytest.warns(ResourceWarning, match="left open: .*_SelectorSocketTransport"):
            loop.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            del loop, transport
            gc.collect()

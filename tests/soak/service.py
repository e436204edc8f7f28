"""A service on a bad network: some answers are late, short, doubled or never sent. It knows little HTTP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import attrs

from meltingspot_async.models import to_json
from meltingspot_async.testing import make_course_participant

BODY = to_json(make_course_participant(id="the-id")).encode()
FAULTS = {"reset": 12, "short": 12, "late": 40, "doubled": 4, "doubled later": 4, "silent": 1, "503": 10}
"""Of 1,000 requests, those that get another answer than the usual one, or none."""
LATEST = 0.4
"""Seconds until a late answer."""
HANG_UP = struct.pack("ii", 1, 0)
"""What makes closing a socket a reset."""


@attrs.define
class Service:
    """What the connections share: the dice, and what has happened."""

    chance: random.Random
    happened: Counter[str] = attrs.field(factory=Counter[str])
    connections: set[Connection] = attrs.field(factory=set["Connection"])

    def next_fault(self) -> str | None:
        """The fault that the next request gets, if any."""
        throw = self.chance.randrange(1000)
        for name, share in FAULTS.items():
            throw -= share
            if throw < 0:
                return name
        return None

    def hang_up(self) -> None:
        """Close all connections, so that those that are left are the client's fault."""
        for connection in list(self.connections):
            connection.transport.close()


class Connection(asyncio.Protocol):
    """One connection, on which one request follows the other."""

    transport: asyncio.Transport

    def __init__(self, service: Service) -> None:
        self.service = service
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one that says it is not
        self.service.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.service.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            _, path, _ = head.split(maxsplit=2)
            self.answer(answer_for(path.rpartition(b"/")[2]))

    def answer(self, usual: bytes) -> None:
        """Send the answer to a request, or do what its fault demands."""
        loop, fault = asyncio.get_running_loop(), self.service.next_fault()
        self.service.happened[fault or "answered"] += 1
        match fault:
            case "reset":
                connection: socket.socket = self.transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANG_UP)
                self.transport.abort()
            case "short":
                self.transport.write(usual[:-20])
                self.transport.close()
            case "late":
                loop.call_later(self.service.chance.uniform(0, LATEST), self.send, usual)
            case "doubled":
                self.send(usual + usual)
            case "doubled later":
                self.send(usual)
                loop.call_later(0.01, self.send, usual)
            case "503":
                self.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            case "silent":
                pass
            case _:
                self.send(usual)

    def send(self, answer: bytes) -> None:
        """Send, if the client has not given up."""
        if not self.transport.is_closing():
            self.transport.write(answer)


def answer_for(wanted: bytes) -> bytes:
    """The answer about a participant."""
    body = BODY.replace(b"the-id", wanted)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


@asynccontextmanager
async def serving(chance: random.Random) -> AsyncGenerator[tuple[Service, str]]:
    """A running service and its address."""
    service = Service(chance)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service), "127.0.0.1", 0, backlog=1000
    )
    async with server:
        yield service, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        service.hang_up()

"""A server that knows no HTTP but what a fault says: TLS on loopback, byte for byte."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from weakref import WeakSet

import attrs

from meltingspot_async import to_dict
from meltingspot_async.testing import make_activity, make_course_participant

from ..support.sockets import accepting
from ..support.tls import FOLDER
from .fault import Door, Drip, Fault, Pause, Right, Then
from .person import EMAIL, NAME

START = "event-0"
"""Id of the event behind which exports begin."""

_CERTIFICATES = {
    Door.OTHER_NAME: "certificate.pem",
    Door.EXPIRED: "loopback_expired.pem",
    Door.EARLY: "loopback_early.pem",
}


def certificate_of(door: Door) -> str:
    """The file with the certificate that a service shows."""
    return _CERTIFICATES.get(door, "loopback.pem")


_ABORT = struct.pack("ii", 1, 0)


@attrs.define
class Service:
    """The raw server. Its right answers repeat the person, and the key, wherever they can."""

    fault: Fault
    echo: str
    """The key and an email in some spelling."""
    faulty: float
    """How many requests are answered by the fault; all others are answered right."""
    asked: list[str] = attrs.field(factory=list[str], init=False)
    """What was asked for."""
    connections: int = attrs.field(default=0, init=False)
    """Those that are open."""
    _tasks: WeakSet[asyncio.Task[Any]] = attrs.field(factory=WeakSet[asyncio.Task[Any]], init=False)

    @asynccontextmanager
    async def listening(self, port: socket.socket) -> AsyncGenerator[Service, None]:
        """Serve a port, unless nothing is to listen there."""
        if self.fault.door is Door.SHUT:
            yield self
            return
        context = None if self.fault.door in _WITHOUT_TLS else _context(self.fault.door)
        async with accepting(self._serve, context, port):
            yield self

    def serves(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task is one of the service's own."""
        return task in self._tasks

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await _WITHOUT_TLS.get(self.fault.door, self._answer)(reader, writer)
        finally:
            self.connections -= 1

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split()[1].decode()
            self.asked.append(target)
            right = right_answer(target, self.echo)
            self.faulty -= 1
            for step in self.fault.answer(right) if self.faulty >= 0 else [right.answer()]:
                match step:
                    case bytes():
                        writer.write(step)
                        await writer.drain()
                        await asyncio.sleep(
                            0
                        )  # asyncio learns that the other side is away only when it has its turn
                    case Drip():
                        for byte in step.data:
                            writer.write(bytes([byte]))
                            await writer.drain()
                            await asyncio.sleep(1.0)
                    case Pause():
                        await asyncio.sleep(step.seconds)
                    case Then.FIN:
                        return
                    case Then.RESET:
                        await _reset(reader, writer)
                        return
                    case Then.STALL:
                        await _say_nothing(reader, writer)
                        return


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    writer.transport.abort()


async def _say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass


async def _close(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None: ...


async def _speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


_WITHOUT_TLS = {
    Door.SILENT: _say_nothing,
    Door.CLOSING: _close,
    Door.RESETTING: _reset,
    Door.PLAIN: _speak_plainly,
}


@cache
def _context(door: Door) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / certificate_of(door), FOLDER / "key.pem")
    if door is Door.MUTUAL:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def right_answer(target: str, echo: str) -> Right:
    """What the service answers to a request: an item, the page of a list, or lines of an export."""
    parts = urlsplit(target)
    *_, kind, last = parts.path.split("/")
    if last == "activities~export":
        known = parse_qs(parts.query)["fromEventId"][0]
        events = [_event(number, echo) for number in (1, 2) if f"event-{number}" > known]
        return Right(_lines(events) or b"\n", b"", echo)
    if last == "participants":
        course = unquote(kind)
        page = {"items": [_participant(str(number), course, echo) for number in range(3)], "total": 3}
        return Right(_json(page), b"", echo)
    course, found = unquote(parts.path.split("/")[-3]), unquote(last)
    return Right(_json(_participant(found, course, echo)), _json(_participant("another", course, echo)), echo)


def _participant(item_id: str, course: str, echo: str) -> dict[str, object]:
    known = to_dict(
        make_course_participant(
            1, id=item_id, course_id=course, spot_member_email=EMAIL, spot_member_firstname=NAME
        )
    )
    return {**known, "status": echo, echo: NAME, "extra": {"who": echo}}


def _event(number: int, echo: str) -> dict[str, object]:
    return {**to_dict(make_activity(number)), "type": echo, echo: NAME}


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _lines(documents: list[dict[str, object]]) -> bytes:
    return b"".join(_json(document) + b"\n" for document in documents)

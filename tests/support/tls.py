"""TLS on loopback: a relay that speaks TLS in front of a service, and a forward proxy that leads to it (CONNECT)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from .sockets import accepting

FOLDER = Path(__file__).parents[1] / "fixtures" / "tls"
HOST = "service.example"
"""The name on the certificates."""


def trusting(certificate: str = "certificate.pem") -> ssl.SSLContext:
    """A client's side of TLS, for which that certificate is a CA that it trusts."""
    return ssl.create_default_context(cafile=str(FOLDER / certificate))


@asynccontextmanager
async def in_tls(base_url: str, certificate: str = "certificate.pem") -> AsyncGenerator[int, None]:
    """A port on which the service at ``base_url`` can be reached by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / certificate, FOLDER / "key.pem")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, urlsplit(base_url).port or 80)

    async with accepting(relay, context) as port:
        yield port


@attrs.define
class Proxy:
    """A forward proxy: whatever host is asked for, it leads to one port, unless it refuses."""

    leads_to: int
    """Port on loopback."""
    refuses_with: int | None = None
    """Status of its refusals; ``None`` if it lets all pass."""
    asked: list[str] = attrs.field(factory=list[str], init=False)
    """First lines of what it was asked."""
    credentials: list[str] = attrs.field(factory=list[str], init=False)
    """``Proxy-Authorization`` headers it got."""
    url: str = attrs.field(default="", init=False)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Proxy, None]:
        """The proxy, while it accepts connections."""
        async with accepting(self._serve) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.asked.append(head[0])
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        if "Proxy-Authorization" in headers:
            self.credentials.append(headers["Proxy-Authorization"])
        if self.refuses_with is not None:
            writer.write(f"HTTP/1.1 {self.refuses_with} No\r\nContent-Length: 0\r\n\r\n".encode())
            return
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await _join(reader, writer, self.leads_to)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Carry bytes both ways until either side ends."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    ways = [asyncio.create_task(_carry(reader, far_writer)), asyncio.create_task(_carry(far_reader, writer))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for end in (writer, far_writer):
        end.transport.abort()
    await asyncio.gather(*ways, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()

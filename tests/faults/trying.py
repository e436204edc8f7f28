"""One cell of the matrix: a service with a fault, a client that uses it, and everything that it said."""

from __future__ import annotations

import asyncio
import math
import pickle
import socket
import ssl
import traceback
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from meltingspot_async import (
    AttemptStarted,
    Event,
    MeltingSpotClient,
    MeltingSpotError,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
)

from ..support.cli import ids, run
from ..support.telemetry import Telemetry
from ..support.tls import FOLDER
from .catalogue import Cell
from .fault import VALUE, Door, Outcome
from .person import EMAIL, KEY, NAME, echo
from .service import Service, certificate_of
from .ways import CALLS, Ids

T = TypeVar("T")

Loop = Callable[[], asyncio.AbstractEventLoop]

RETRY = RetryPolicy(attempts=2, max_throttled=20.0)
TIMEOUT = 20.0
MOST_BYTES = 2**20
LIMIT = RateLimit(10_000, per=10.0)

MOST_SECONDS = {"command": 600.0}
"""Within which a use ends, by the loop's clock; by default 150."""

SETTLED = (0.0, 0.1, 0.5, 2.0)
"""Seconds after which to look what is left: a service that drips notices a closed connection at its next byte."""


@attrs.define
class Tried:
    """What came of it."""

    ids: Ids | None = None
    """What the client gave; ``None`` after an error."""
    error: MeltingSpotError | None = None
    exit_code: int = 0
    """Of the command."""
    said: list[str] = attrs.field(factory=list[str])
    """All texts that the client made."""
    said_by_command: list[str] = attrs.field(factory=list[str])
    """What the command wrote, and what it ended with."""
    left: list[object] = attrs.field(factory=list[object])
    """What is still there when it has ended: tasks, connections, slots, requests under way, complaints."""
    attempts: list[int] = attrs.field(factory=list[int])
    """Numbers of the attempts, each within its call."""


@attrs.frozen
class Trial:
    """How a cell is tried."""

    cell: Cell
    loop: Loop
    faulty: float
    """How many requests are answered by the fault."""

    @property
    def promised(self) -> Outcome:
        """What the caller is to get."""
        outcome = self.cell.fault.by(self.cell.way)
        assert outcome is not None
        return VALUE if outcome.tried_again and math.isfinite(self.faulty) else outcome

    def by_call(self, monkeypatch: pytest.MonkeyPatch) -> Tried:
        """Use the client from a program."""
        with monkeypatch.context() as patched, self._port(patched) as (port, url):
            return self._run(self._call(port, url))

    def by_command(self, monkeypatch: pytest.MonkeyPatch, output: Path) -> Tried:
        """Export the participants by the command."""
        tried = Tried()

        def run_beside(main: Coroutine[Any, Any, object]) -> object:
            return self._run(self._beside(port, main, tried))

        with monkeypatch.context() as patched, self._port(patched) as (port, url):
            for name, value in {"API_KEY": KEY, "BASE_URL": url, "LIMIT_FILE": "off", "LOG": "debug"}.items():
                patched.setenv(f"MELTINGSPOT_{name}", value)
            patched.setattr(asyncio, "run", run_beside)
            result = run("participants", "export", EMAIL, "-o", output, columns=200)
        tried.exit_code = result.exit_code
        tried.said_by_command += [result.stdout, result.stderr, repr(result.exception)]
        tried.said += [str(path) for path in output.parent.iterdir()]
        if output.exists():
            assert output.stat().st_mode & 0o077 == 0
            tried.ids = ids(output)
        return tried

    async def _call(self, port: socket.socket, url: str) -> Tried:
        tried, telemetry, limiter = Tried(), Telemetry(), SlidingWindowLimiter([LIMIT])

        def on_event(event: Event) -> None:
            telemetry.observer(event)
            tried.said += [str(event), repr(event)]
            if isinstance(event, AttemptStarted):
                tried.attempts.append(event.attempt)

        client = MeltingSpotClient(
            KEY,
            base_url=url,
            timeout=TIMEOUT,
            retry=RETRY,
            limiter=limiter,
            max_response_bytes=MOST_BYTES,
            on_event=on_event,
            headers={"X-Who": EMAIL, "X-Name": NAME, "Cookie": f"who={EMAIL}"},
        )

        async def use() -> None:
            async with client:
                try:
                    tried.ids = await CALLS[self.cell.way](client)
                except MeltingSpotError as error:
                    tried.error = error
                manager = client.session_manager
                tried.said += [repr(each) for each in (client, manager, limiter, vars(client), vars(manager))]
                tried.left += [*manager._in_flight._flights, *manager._calls.scopes]

        await self._beside(port, use(), tried)
        tried.said += [telemetry.text(), *_texts(tried.error)]
        tried.left += [limiter._held] * limiter._held
        return tried

    async def _beside(self, port: socket.socket, main: Coroutine[Any, Any, T], tried: Tried) -> T:
        """Run the service beside whatever asks it, and note what is left of it at its end."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, found: tried.left.append(found))
        service = Service(self.cell.fault, echo(self.cell.fault.name), self.faulty)
        async with service.listening(port):
            before = asyncio.all_tasks()
            try:
                async with asyncio.timeout(MOST_SECONDS.get(self.cell.way, 150.0)):
                    return await main
            finally:
                left: list[object] = []
                for seconds in SETTLED:
                    await asyncio.sleep(seconds)
                    left = [task for task in asyncio.all_tasks() - before if not service.serves(task)]
                    left += ["connection"] * service.connections
                    if not left:
                        break
                tried.left += left

    def _run(self, main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=self.loop) as runner:
            return runner.run(main)

    @contextmanager
    def _port(self, patched: pytest.MonkeyPatch) -> Generator[tuple[socket.socket, str], None, None]:
        """A port of loopback, which only those use who know its number, and the service's address there."""
        door = self.cell.fault.door
        # With TCP named, asyncio lets small pieces go at once, as on ports that it opens itself.
        with socket.socket(proto=socket.IPPROTO_TCP) as port:
            port.bind(("127.0.0.1", 0))
            patched.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", _trusting(door))
            patched.setattr("aiohttp.connector.DefaultResolver", Nowhere)
            host = "service.example" if door is Door.NAMELESS else "127.0.0.1"
            yield port, f"https://{host}:{port.getsockname()[1]}"


class Nowhere(AbstractResolver):
    """Knows no name."""

    def __init__(self, **_: object) -> None: ...

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        raise OSError(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None: ...


@cache
def _trusting(door: Door) -> ssl.SSLContext:
    """What a client trusts: the service's certificate, unless its CA is to be unknown."""
    context = ssl.create_default_context()
    if door is not Door.UNKNOWN_CA:
        context.load_verify_locations(FOLDER / certificate_of(door))
    return context


def _texts(error: BaseException | None) -> Iterator[str]:
    """Everything that can be read of an error and those behind it."""
    while error is not None:
        assert type(pickle.loads(pickle.dumps(error))) is type(error)
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        yield pickle.dumps(error, 0).decode("latin-1")
        yield "".join(traceback.format_exception(error, limit=1_000))  # not the loop's limit
        error = error.__cause__ or error.__context__

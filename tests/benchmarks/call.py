"""What a call costs the processor, beside clients that do less: the server is another process, and not counted."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from meltingspot_async import MeltingSpotClient, SlidingWindowLimiter, to_dict
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from .measure import WIDE, Row, Run, in_turn, rows_beside

CONTRACT = Path(__file__).parents[1] / "contract" / "openapi.yaml"
KEY = "a-key-of-nobody"
PARTICIPANT = make_course_participant(0)
BODY = json.dumps(to_dict(PARTICIPANT)).encode()
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
PATH = f"/v1/courses/c/participants/{PARTICIPANT.id}"
CALLS = 300


class SameAnswer(asyncio.Protocol):
    """The participant, to whatever is asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        *asked, self.received = (self.received + data).split(b"\r\n\r\n")
        self.transport.write((HEAD + BODY) * len(asked))


async def serve() -> None:
    """Answer until somebody kills the process."""
    server = await asyncio.get_running_loop().create_server(SameAnswer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def served() -> AsyncGenerator[str]:
    """The address of a server in another process."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, "serve", stdout=PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


def generate(folder: Path) -> None:
    """Write a client into the folder that openapi-python-client makes of the contract."""
    settings = folder / "settings.yaml"
    settings.write_text("package_name_override: generated_client\npost_hooks: []\n", "utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    places = [
        "--path",
        str(CONTRACT),
        "--output-path",
        str(folder / "generated_client"),
        "--config",
        str(settings),
    ]
    subprocess.run([*command, *places], check=True, capture_output=True)


def generated(folder: Path, base_url: str) -> tuple[Any, Any]:
    """A generated client, and its function for a participant."""
    sys.path.insert(0, str(folder))
    try:
        client = importlib.import_module("generated_client").AuthenticatedClient
        operation = importlib.import_module("generated_client.api.default.getcourseparticipant").asyncio
    finally:
        sys.path.remove(str(folder))
    return client(base_url=base_url, token=KEY, prefix=""), operation


def repeated(call: Any) -> Run:
    async def run() -> None:
        for _ in range(CALLS):
            await call()

    return run


async def beside_others(rounds: int, folder: Path) -> list[Row]:
    """The same participant by each client, without a limit that would make it wait."""
    generate(folder)
    limiter = SlidingWindowLimiter(WIDE)
    headers = {"Authorization": KEY}
    async with (
        served() as base_url,
        aiohttp.ClientSession(headers=headers) as session,
        httpx.AsyncClient(base_url=base_url, headers=headers) as plain,
        MeltingSpotClient(KEY, base_url=base_url, limiter=limiter) as client,
    ):
        made, operation = generated(folder, base_url)

        async def by_aiohttp() -> None:
            async with session.get(base_url + PATH) as answer:
                json.loads(await answer.read())

        async def by_httpx() -> None:
            (await plain.get(PATH)).json()

        async def by_generated() -> None:
            found = await operation("c", PARTICIPANT.id, client=made)
            assert found.id == PARTICIPANT.id

        runs = {
            "ours": repeated(lambda: client.course_participants.get("c", PARTICIPANT.id)),
            "aiohttp and json.loads": repeated(by_aiohttp),
            "httpx.AsyncClient": repeated(by_httpx),
            "a client by openapi-python-client": repeated(by_generated),
        }
        async with made:
            took = await in_turn(runs, rounds)
    return rows_beside("A call: processor time", took, CALLS)


async def in_one_loop(rounds: int) -> list[Row]:
    """Client and server in one loop, timed by the clock on the wall: how it was measured at first."""
    async with FakeMeltingSpot(limits=WIDE) as fake, aiohttp.ClientSession() as session:
        fake.seed("c", 1)
        url, headers = (
            f"{fake.base_url}/v1/courses/c/participants/participant-0",
            {"Authorization": fake.api_key},
        )
        limiter = SlidingWindowLimiter(WIDE)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter) as client:

            async def bytes_alone() -> None:
                async with session.get(url, headers=headers) as answer:
                    await answer.read()

            runs = {
                "ours": repeated(lambda: client.course_participants.get("c", "participant-0")),
                "the bytes alone by aiohttp": repeated(bytes_alone),
            }
            took = await in_turn(runs, rounds, time.perf_counter)
    return rows_beside("A call, with the fake service in the same loop", took, CALLS)


def rows(quick: bool) -> list[Row]:
    """A call beside other clients."""
    rounds = 3 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        return [*asyncio.run(beside_others(rounds, Path(folder))), *asyncio.run(in_one_loop(rounds))]


if __name__ == "__main__":
    assert sys.argv[1:] == ["serve"]
    asyncio.run(serve())

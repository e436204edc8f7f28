"""Answers that cannot be trusted."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest

from meltingspot_async import (
    InvalidResponseError,
    RetryPolicy,
    ServerError,
)
from meltingspot_async.testing import Answer

from ..support.calls import PATH, failure, get, serving


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>Please log in</html>", b'{"id": "participant-0"}', b"\x00", b"null"]
)
async def test_200_of_another_shape_is_refused(body: bytes) -> None:
    """A 200 that is not the documented shape is an InvalidResponseError, after one request."""
    async with serving() as (fake, client):
        fake.fail(Answer(200, body))
        assert isinstance(await failure(client), InvalidResponseError)
        assert len(fake.received) == 1


async def test_gzip_answer_is_decompressed() -> None:
    """A gzip body is decompressed."""
    async with serving() as (fake, client):
        plain = (await client.get(PATH)).body
        fake.fail(Answer(200, gzip.compress(plain), {"Content-Encoding": "gzip"}))
        assert (await get(client)).id == "participant-0"


async def test_body_over_max_response_bytes_is_refused() -> None:
    """A body of more than max_response_bytes is refused; one of just as many is read."""
    async with serving(max_response_bytes=1_000) as (fake, client):
        fake.fail(Answer(200, b"x" * 1_000), Answer(200, b"x" * 1_001))
        assert len((await client.get(PATH)).body) == 1_000
        error = await failure(client)
        assert isinstance(error, InvalidResponseError)
        assert "max_response_bytes" in str(error)


async def test_long_error_page_is_an_error_like_a_short_one() -> None:
    """An unsuccessful answer with a body above every cap is raised, and retried, like a short one."""
    async with serving(max_response_bytes=1_000, retry=RetryPolicy(attempts=2)) as (fake, client):
        fake.fail(*[Answer(503, b"x" * 200_000)] * 2)
        assert isinstance(await failure(client), ServerError)
        assert len(fake.received) == 2


BOMB = """
import asyncio, pathlib, re, zlib
from meltingspot_async import BadRequestError, InvalidResponseError, MeltingSpotClient
from meltingspot_async.testing import Answer, FakeMeltingSpot

def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    return b"".join(packer.compress(zeros) for _ in range(60)) + packer.flush()

async def main():
    async with FakeMeltingSpot() as fake, MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
        packed = bomb()
        for status, error in (200, InvalidResponseError), (400, BadRequestError):
            fake.fail(Answer(status, packed, {"Content-Encoding": "gzip"}))
            try:
                await client.course_participants.get("c", "p")
            except error:
                print(status)
    print(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory's high-water mark from /proc")
def test_gzip_bomb_takes_bounded_memory() -> None:
    """60 MB packed into 60 KB are refused, twice, and the whole process stays under 80 MB of memory."""
    run = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, check=True)
    success, refusal, kilobytes = map(int, run.stdout.split())
    assert (success, refusal) == (200, 400)
    assert 0 < kilobytes * 1024 < 80 * 10**6

"""docs/examples/aiohttp_app.py and django_app.py, each on its real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from meltingspot_async.testing import Answer, FakeMeltingSpot

from ..support.examples import example, served_by_uvicorn, until


@asynccontextmanager
async def served_by_aiohttp(app: web.Application) -> AsyncGenerator[aiohttp.ClientSession]:
    """An application on a free port, from its startup to its cleanup, and a session that asks it."""
    runner = web.AppRunner(app, handle_signals=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


async def shows_participants(session: aiohttp.ClientSession, fake: FakeMeltingSpot) -> None:
    """What both applications do: one request for a page that is loaded often, 404, 503 with ``Retry-After``."""

    async def page(participant: str) -> tuple[int, object, str | None]:
        async with session.get(f"/participants/course-1/{participant}") as answer:
            return answer.status, await answer.json(), answer.headers.get("Retry-After")

    shown = (200, {"id": "participant-2", "status": "Completed"}, None)
    assert await asyncio.gather(*(page("participant-2") for _ in range(20))) == [shown] * 20
    assert len(fake.received) == 1
    assert await page("nobody") == (404, {"detail": "Not found"}, None)
    fake.fail(Answer(503, headers={"Retry-After": "90"}), times=None)
    assert await page("participant-3") == (503, {"detail": "Try again later"}, "90")
    assert await page("participant-2") == shown


def test_aiohttp_application(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The aiohttp application shows participants and errors, and leaves no connection open when it stops."""
    fake.seed("course-1", 5)
    program = example("aiohttp_app", monkeypatch)

    async def use() -> None:
        async with served_by_aiohttp(program.application()) as session:
            await shows_participants(session, fake)
        await until(lambda: fake.open_connections == 0)

    asyncio.run(use())


def test_django_application(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Django application shows participants and errors, and leaves no connection open when it stops."""
    pytest.importorskip("django")
    fake.seed("course-1", 5)
    program = example("django_app", monkeypatch)

    async def use() -> None:
        async with served_by_uvicorn(program.application) as session:
            await shows_participants(session, fake)
        await until(lambda: fake.open_connections == 0)

    asyncio.run(use())

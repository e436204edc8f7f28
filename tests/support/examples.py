"""Programs of docs/examples, and the servers on which they run."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def example(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An example, imported for one test as its server would import it."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setitem(sys.modules, name, None)  # so that it is forgotten at the end
    del sys.modules[name]
    return importlib.import_module(name)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    while not holds():  # noqa: ASYNC110 - of a server or a thread that is not ours
        await asyncio.sleep(0.01)


@asynccontextmanager
async def served_by_uvicorn(app: Any) -> AsyncGenerator[aiohttp.ClientSession]:
    """An ASGI application on a free port, from its startup to its shutdown, and a session that asks it."""
    uvicorn: Any = pytest.importorskip("uvicorn")
    config = uvicorn.Config(
        app, port=0, lifespan="on", ws="none", log_config=None, timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started or serving.done())
    assert server.started, "the application did not start"
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        every = aiohttp.TCPConnector(limit=0)  # as many requests at once as a test makes
        async with aiohttp.ClientSession(f"http://{host}:{port}", connector=every) as session:
            yield session
    finally:
        server.should_exit = True
        await serving

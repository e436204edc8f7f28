"""What all tests share: the virtual clock, and the mending of aioresponses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses, core
from hypothesis import settings

from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from .clock import VirtualLoop

pytest_plugins = ["meltingspot_async.testing.fixtures"]

settings.register_profile("suite", deadline=None, database=None)
settings.load_profile("suite")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every async test runs on a virtual clock."""
    return {"virtual": VirtualLoop}


class _WriterlessResponse(ClientResponse):
    """aioresponses 0.7.9 does not know of the argument aiohttp 3.14 requires (aioresponses#289).

    To be removed when a release of aioresponses does.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"stream_writer": SimpleNamespace(output_size=0), **kwargs})  # type: ignore[arg-type]


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Canned answers in place of the network; loopback goes through."""
    monkeypatch.setattr(core, "ClientResponse", _WriterlessResponse)
    with aioresponses(passthrough=["http://127.0.0.1"]) as mocked:
        yield mocked


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests do not reach them."""
    for name in ("MELTINGSPOT_API_KEY", "MELTINGSPOT_BASE_URL", "MELTINGSPOT_AUTH_SCHEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMeltingSpot]:
    """A fake service in a thread of its own, and an environment that leads to it."""
    running = FakeMeltingSpot()
    running.add(make_course_participant(2, course_id="c"))
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running:
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    monkeypatch.setenv("MELTINGSPOT_API_KEY", running.api_key)
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", running.base_url)
    yield running
    done.set()
    thread.join()

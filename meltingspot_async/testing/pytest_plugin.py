"""The pytest plugin, which pytest finds by itself: the fixtures ``fake_meltingspot`` and ``meltingspot``.

It is installed beside the package, as ``_meltingspot_async_pytest``, because pytest imports it before coverage begins:
what is imported by then counts as never run. The fixtures import the package when a test first asks for one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from meltingspot_async import MeltingSpotClient
    from meltingspot_async.testing import FakeMeltingSpot


@pytest.fixture
def fake_meltingspot(request: pytest.FixtureRequest) -> FakeMeltingSpot:
    """A running, empty :class:`~meltingspot_async.testing.FakeMeltingSpot`, without a limit.

    It runs on the event loop of an async test, whether pytest-asyncio or anyio runs that, and in a thread for any other
    test.
    """
    fake: FakeMeltingSpot = request.getfixturevalue(f"_fake_on_{_loop_of(request)}")
    return fake


@pytest.fixture
def meltingspot(request: pytest.FixtureRequest, fake_meltingspot: FakeMeltingSpot) -> MeltingSpotClient:
    """A :meth:`~meltingspot_async.testing.FakeMeltingSpot.client` of ``fake_meltingspot``, for async tests."""
    loop = _loop_of(request)
    if loop == "thread":
        pytest.fail("The fixture meltingspot is for async tests: mark the test for pytest-asyncio or anyio.")
    client: MeltingSpotClient = request.getfixturevalue(f"_client_on_{loop}")
    return client


def _loop_of(request: pytest.FixtureRequest) -> str:
    """Who runs the test."""
    if request.config.pluginmanager.has_plugin("asyncio"):
        from pytest_asyncio import is_async_test  # noqa: PLC0415 - not everybody has it

        if is_async_test(request.node):
            return "asyncio"
    return "anyio" if "anyio_backend" in request.fixturenames else "thread"


@pytest.fixture
def _fake_on_thread() -> Iterator[FakeMeltingSpot]:
    from meltingspot_async.testing import FakeMeltingSpot  # noqa: PLC0415 - see the module's docstring

    with FakeMeltingSpot(limits=()) as fake:
        yield fake


def _on(fixture: Callable[..., Any]) -> tuple[object, object]:
    """The fixtures as those who run async tests mark them."""

    async def fake() -> AsyncIterator[FakeMeltingSpot]:
        from meltingspot_async.testing import FakeMeltingSpot  # noqa: PLC0415 - see the module's docstring

        async with FakeMeltingSpot(limits=()) as running:
            yield running

    async def client(fake_meltingspot: FakeMeltingSpot) -> AsyncIterator[MeltingSpotClient]:
        async with fake_meltingspot.client() as connected:
            yield connected

    return fixture(fake), fixture(client)


_fake_on_anyio, _client_on_anyio = _on(pytest.fixture)
if find_spec("pytest_asyncio"):
    import pytest_asyncio

    _fake_on_asyncio, _client_on_asyncio = _on(pytest_asyncio.fixture)

"""pytest fixtures (with pytest-asyncio): ``pytest_plugins = ["meltingspot_async.testing.fixtures"]``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from ..client import MeltingSpotClient
from .fake import FakeMeltingSpot


@pytest_asyncio.fixture
async def fake_meltingspot() -> AsyncIterator[FakeMeltingSpot]:
    """A running, empty :class:`~meltingspot_async.testing.FakeMeltingSpot`."""
    async with FakeMeltingSpot() as fake:
        yield fake


@pytest_asyncio.fixture
async def meltingspot(fake_meltingspot: FakeMeltingSpot) -> AsyncIterator[MeltingSpotClient]:
    """A client of ``fake_meltingspot``."""
    async with MeltingSpotClient(fake_meltingspot.api_key, base_url=fake_meltingspot.base_url) as client:
        yield client

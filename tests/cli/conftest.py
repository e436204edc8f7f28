"""What the tests of the command share: a service with every example, and a path for a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meltingspot_async import RateLimit
from meltingspot_async.testing import FakeMeltingSpot

from ..contract.contract import fill


@pytest.fixture
def spot(monkeypatch: pytest.MonkeyPatch, short_waits: None) -> Iterator[FakeMeltingSpot]:
    """A live fake service with every documented example, and an environment that leads to it."""
    fake = FakeMeltingSpot(limits=[RateLimit(10_000, per=10.0)])
    fill(fake)
    with fake:
        monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
        monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake.base_url)
        yield fake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path for a file of records."""
    return tmp_path / "records"

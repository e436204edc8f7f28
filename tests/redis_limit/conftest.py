"""Fixtures of the tests over a real Redis."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from meltingspot_async.rate_limit import _shared

from ..support.redis_server import RedisServer, redis_server


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """A server that a test may kill."""
    with redis_server() as running:
        yield running


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis has less time for a step, where it will not answer anyway."""
    monkeypatch.setattr(_shared, "STORE_TIMEOUT", 0.3)

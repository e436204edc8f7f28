"""Tests that take ``kind`` run over every limiter; those that take ``shared``, over those of many processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.limiters import InMemory, InRedis, InSqlite, Kind, Shared


@pytest.fixture(params=["memory", "redis", "sqlite"])
def kind(request: pytest.FixtureRequest, limit_path: Path) -> Kind:
    """One kind of limiter, with the clock it is tested on."""
    return InMemory() if request.param == "memory" else shared_kind(request.param, request, limit_path)


@pytest.fixture(params=["redis", "sqlite"])
def shared(request: pytest.FixtureRequest, limit_path: Path) -> Shared:
    """One kind of limiter of many processes, with the clock it is tested on."""
    return shared_kind(request.param, request, limit_path)


def shared_kind(name: str, request: pytest.FixtureRequest, limit_path: Path) -> Shared:
    return InRedis(request.getfixturevalue("server")) if name == "redis" else InSqlite(limit_path)

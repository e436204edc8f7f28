"""Every test that takes ``kind`` runs over the limiter in memory and the one in Redis."""

from __future__ import annotations

import pytest

from ..support.limiters import InMemory, InRedis, Kind


@pytest.fixture(params=["memory", "redis"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """One kind of limiter, with the clock it is tested on."""
    return InMemory() if request.param == "memory" else InRedis(request.getfixturevalue("server"))

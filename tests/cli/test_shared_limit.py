"""The limit that the command shares with other programs in Redis."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from meltingspot_async.testing import FakeMeltingSpot, make_activity

from ..contract.contract import KNOWN
from ..support.cli import run
from ..support.redis_server import redis_server


def test_exports_and_doctor_share_the_limit_in_redis(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With MELTINGSPOT_REDIS_URL, exports and the doctor count their requests where other programs of the key do."""
    spot.add_to("/v1/activities~export", make_activity(1))
    with redis_server() as server, Redis.from_url(server.url) as redis:
        monkeypatch.setenv("MELTINGSPOT_REDIS_URL", server.url)
        commands = (
            ["activities", "export", "--from", "2026-01-01", "-o", str(tmp_path / "activities.jsonl")],
            ["participants", "export", KNOWN["courseId"], "-o", str(tmp_path / "participants.jsonl")],
            ["doctor"],
        )
        for command in commands:
            shown = run(*command)
            assert shown.exit_code == 0, shown.stderr
            assert "left:" not in shown.stderr
        assert "cooling" in repr(cast("object", redis.keys()))

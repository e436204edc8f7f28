"""The limit that the command shares with other programs: in Redis, in a file that was named, or in one by default."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from meltingspot_async import DOCUMENTED_LIMITS, MeltingSpotClient, RateLimit
from meltingspot_async.rate_limit._shared import SharedLimiter
from meltingspot_async.testing import FakeMeltingSpot, make_activity

from ..contract.contract import KNOWN
from ..support.cli import run
from ..support.redis_server import redis_server

GET = ["participants", "get", KNOWN["courseId"], KNOWN["courseParticipantId"]]
TEN_SECONDS, DAY = DOCUMENTED_LIMITS


def every_use(folder: Path) -> tuple[Sequence[str | Path], ...]:
    """Commands that make a client in different ways, and none of which needs a second page."""
    return (
        GET,
        ["courses", "list"],
        ["activities", "export", "--from", "2026-01-01", "-o", folder / "activities.jsonl"],
        ["participants", "export", KNOWN["courseId"], "-o", folder / "participants.jsonl"],
        ["courses", "report", KNOWN["courseId"]],
        ["doctor"],
    )


def free_for_a_worker() -> dict[RateLimit, int]:
    """How many slots are free for another program, which shares the limit by its environment."""

    async def ask() -> dict[RateLimit, int]:
        async with MeltingSpotClient.from_env() as client:
            limiter = client.session_manager._limiter
            assert isinstance(limiter, SharedLimiter)
            return await limiter.free()

    return asyncio.run(ask())


def test_commands_share_the_limit_in_redis(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With MELTINGSPOT_REDIS_URL, commands count their requests where other programs of the key do."""
    spot.add_to("/v1/activities~export", make_activity(1))
    with redis_server() as server, Redis.from_url(server.url) as redis:
        monkeypatch.setenv("MELTINGSPOT_REDIS_URL", server.url)
        for command in every_use(tmp_path):
            shown = run(*command)
            assert shown.exit_code == 0, shown.stderr
        assert "cooling" in repr(cast("object", redis.keys()))
        assert free_for_a_worker()[DAY] == DAY.requests - len(spot.received)


def test_commands_share_the_limit_of_workers_by_default(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a setting, what commands send counts for a worker of the key that has MELTINGSPOT_LIMIT_FILE=auto."""
    spot.add_to("/v1/activities~export", make_activity(1))
    for command in every_use(tmp_path):
        shown = run(*command)
        assert shown.exit_code == 0, shown.stderr
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "auto")
    assert free_for_a_worker()[DAY] == DAY.requests - len(spot.received)
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "another")
    assert free_for_a_worker()[DAY] == DAY.requests


def test_export_shows_what_is_free_for_all(spot: FakeMeltingSpot, tmp_path: Path) -> None:
    """An export beside other programs shows the slots that all of them have left."""
    assert run(*GET).exit_code == 0
    shown = run("participants", "export", KNOWN["courseId"], "-o", tmp_path / "participants.jsonl")
    assert f"(left: {100 - len(spot.received)} in 10 s, {50_000 - len(spot.received)} today)" in shown.stderr


@pytest.mark.parametrize("setting", [None, "auto"])
def test_command_that_cannot_write_the_file_warns_and_goes_on(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    """Where the state folder cannot be used, one line on stderr says why, and the command does its work."""
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(in_the_way))
    if setting is not None:
        monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", setting)
    shown = run(*GET)
    assert shown.exit_code == 0
    (line,) = shown.stderr.splitlines()
    assert line.startswith(
        "meltingspot: the limit is not shared with other programs (NotADirectoryError). Check that"
    )


def test_user_without_a_home_is_warned(spot: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user has no home, the command says what to set, and does its work."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setattr(Path, "home", no_home)
    shown = run(*GET)
    assert shown.exit_code == 0
    (line,) = shown.stderr.splitlines()
    assert "Set XDG_STATE_HOME" in line


def test_file_that_was_named_and_cannot_be_used_is_an_error(
    spot: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever named a file means to share it: the command ends with 1 and sends nothing."""
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", str(tmp_path))
    shown = run(*GET)
    assert shown.exit_code == 1
    (line,) = shown.stderr.splitlines()
    assert f"Check that {tmp_path} is, or can become, a file" in line
    assert not spot.received


def test_limit_in_memory_is_the_commands_own(
    spot: FakeMeltingSpot, state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With MELTINGSPOT_LIMIT_FILE=off, the command writes no file."""
    before = list(state_folder.iterdir())
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "off")
    assert run(*GET).exit_code == 0
    assert list(state_folder.iterdir()) == before

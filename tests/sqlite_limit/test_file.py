"""The file itself: whose it is, what is in it, and what becomes of one that cannot be used."""

# ruff: noqa: ASYNC240 - the files are in memory

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meltingspot_async import LimiterUnavailableError, RateLimit
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter, _file, _place
from meltingspot_async.sqlite_limit._clock import Reading
from meltingspot_async.sqlite_limit._file import LimitFile

from ..support.clock import now
from ..support.limit_file import InlineStore, loop_reading
from ..support.limiters import InSqlite, fill, use

LIMIT = RateLimit(3, per=10.0)


async def used(path: Path) -> None:
    """Use one slot of a file."""
    async with InSqlite(path).one("k", LIMIT) as limiter:
        await use(limiter)


def sql(path: Path, *statements: str) -> list[Any]:
    """What is in a file, by a connection of the test's own."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [connection.execute(statement).fetchone() for statement in statements]
    finally:
        connection.close()


async def test_new_file_and_its_folder_are_their_owners_alone(limit_path: Path) -> None:
    """Whatever the umask, nobody else can read the file, what SQLite puts beside it, or the folder made for it."""
    path = limit_path / "made" / "limit"
    before = os.umask(0)
    try:
        async with InSqlite(path).one("k", LIMIT) as limiter, limiter.slot():
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"limit": 0o600, "limit-wal": 0o600, "limit-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_file_says_what_it_is(limit_path: Path) -> None:
    """The file bears our mark and its version, and closing it leaves nothing beside it."""
    await used(limit_path)
    assert sql(limit_path, "PRAGMA application_id", "PRAGMA user_version") == [(0x4D53524C,), (1,)]
    assert [path.name for path in limit_path.parent.iterdir()] == [limit_path.name]


async def test_file_stays_small(limit_path: Path) -> None:
    """However many requests, processes and allowances of other lengths come and go, what is free leaves no trace."""
    shared = InSqlite(limit_path)
    for number in range(20):
        limits = RateLimit(100, per=10.0), RateLimit(50_000, per=DAY), RateLimit(900, per=100.0 + number)
        async with shared.one("k", *limits) as limiter:
            await fill(limiter, 5)
        await asyncio.sleep(DAY + 200.0)
    async with shared.one("k", LIMIT) as limiter:
        await use(limiter)
    ((parts,),) = sql(limit_path, "SELECT group_concat(part) FROM state")
    assert sorted(parts.split(",")) == ["counters", "rules", "time", "used:10000000"]
    ((pages,),) = sql(limit_path, "PRAGMA page_count")
    assert pages < 50


async def test_limits_that_are_changed_and_changed_back_forget_nothing(limit_path: Path) -> None:
    """What was used under other limits still counts when they are those of all programs again."""
    first, other = RateLimit(9, per=100.0), RateLimit(9, per=50.0)
    shared = InSqlite(limit_path)
    for limit in (first, other):
        async with shared.one("k", limit) as limiter:
            await fill(limiter, 2)
        await asyncio.sleep(31.0)
    async with shared.one("k", first) as limiter:
        assert await limiter.free() == {first: 7}


def write(text: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text)


def change(*statements: str) -> Callable[[Path], object]:
    return lambda path: sql(path, *statements)


def cut(path: Path) -> None:
    """Leave the first page of a file, and rubbish behind it."""
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(b"x" * 8_192)


UNUSABLE: list[tuple[Callable[[Path], object], str, str]] = [
    (write(b"{} is no database" * 100), "SQLITE_NOTADB", "Move it away"),
    (cut, "SQLITE_CORRUPT", "Move it away"),
    (change("PRAGMA user_version = 99"), "version 99", "the same version in all programs"),
    (change("PRAGMA application_id = 1"), "another database", "Move it away"),
    (change("UPDATE state SET value = '[1' WHERE part = 'counters'"), "damaged", "Move it away"),
    (change("UPDATE state SET value = X'00' WHERE part = 'used:10000000'"), "damaged", "Move it away"),
    (change("DELETE FROM state WHERE part = 'rules'"), "damaged", "Move it away"),
    (change("DROP TABLE state"), "SQLITE_ERROR", "Check that"),
]


@pytest.mark.parametrize(("spoil", "reason", "says"), UNUSABLE, ids=[reason for _, reason, _ in UNUSABLE])
async def test_file_that_cannot_be_used_says_what_to_do(
    limit_path: Path, spoil: Callable[[Path], object], reason: str, says: str
) -> None:
    """A damaged file, one of another version and another program's give no slot, and an error with path and remedy."""
    await used(limit_path)
    spoil(limit_path)
    content = limit_path.read_bytes()
    with pytest.raises(LimiterUnavailableError) as failed:
        await used(limit_path)
    assert failed.value.reason == reason
    assert says in str(failed.value)
    assert str(limit_path) in str(failed.value)
    assert limit_path.read_bytes() == content


async def test_database_of_another_program_is_left_as_it_is(limit_path: Path) -> None:
    """A database that is not ours is not written to."""
    sql(limit_path, "CREATE TABLE people (name TEXT)")
    content = limit_path.read_bytes()
    with pytest.raises(LimiterUnavailableError, match="another database"):
        await used(limit_path)
    assert limit_path.read_bytes() == content


@pytest.mark.parametrize("place", ["folder", "below a file"])
async def test_path_that_cannot_be_a_file_says_what_to_check(limit_path: Path, place: str) -> None:
    """A folder, and a path below a file, give an error that names the path."""
    if place == "folder":
        limit_path.mkdir()
    else:
        limit_path.touch()
        limit_path = limit_path / "limit"
    with pytest.raises(LimiterUnavailableError, match="a file that this user may write") as failed:
        await used(limit_path)
    assert str(limit_path) in str(failed.value)


@pytest.mark.parametrize(
    ("pragma", "reason", "says"),
    [
        ("query_only = 1", "SQLITE_READONLY", "a file that this user may write"),
        ("max_page_count = 1", "SQLITE_FULL", "it is full, or it fails"),
    ],
)
async def test_disk_that_takes_nothing_refuses_and_is_tried_again(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, reason: str, says: str
) -> None:
    """On a full or read-only disk no slot is given; when it takes something again, the same limiter goes on."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_to_such_a_disk(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.execute(f"PRAGMA {pragma}")
        return connection

    async with InSqlite(limit_path).one("k", LIMIT) as limiter:
        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", connect_to_such_a_disk)
            with pytest.raises(LimiterUnavailableError) as failed:
                await use(limiter)
        assert failed.value.reason == reason
        assert says in str(failed.value)
        await use(limiter)


async def test_disk_that_fails_in_a_step_opens_nothing(limit_path: Path) -> None:
    """A slot whose outcome the disk did not take counts on until the lease of its process ends."""
    async with InSqlite(limit_path).pair(RateLimit(1, per=10.0)) as (first, second):
        assert isinstance(first._store, InlineStore)
        started = now()
        async with first.slot():
            connection = first._store._file._connection
            assert connection is not None
            connection.execute("PRAGMA query_only = 1")
        assert await use(second) - started == pytest.approx(30.0, abs=0.1)


async def test_connections_are_closed_not_dropped(limit_path: Path) -> None:
    """The connection to a file that was removed is closed, and with the limiter that to the new one."""
    connections: list[sqlite3.Connection] = []
    async with InSqlite(limit_path).one("k", LIMIT) as limiter:
        assert isinstance(limiter._store, InlineStore)
        for is_removed in (True, False):
            await use(limiter)
            connection = limiter._store._file._connection
            assert connection is not None
            connections.append(connection)
            if is_removed:
                limit_path.unlink()
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


async def test_file_that_is_removed_is_made_anew_for_all(limit_path: Path) -> None:
    """After somebody removed the file, its processes meet in the new one, and state again what they hold."""
    async with InSqlite(limit_path).pair(LIMIT) as (first, second), first.slot(), second.slot():
        limit_path.unlink()
        assert isinstance(first, SqliteSlidingWindowLimiter)
        assert await first.free() == {LIMIT: 2}
        assert await second.free() == {LIMIT: 1}
    assert sql(limit_path, "PRAGMA integrity_check") == [("ok",)]


async def test_second_machine_is_refused(limit_path: Path) -> None:
    """Two machines that share a file without our knowing it are found out, rather than each going on as if alone."""
    readings = iter([Reading("one", 10, None), Reading("two", 10, None), Reading("one", 20, None)])
    limiter = SqliteSlidingWindowLimiter(limit_path, [LIMIT], key="k")
    limiter._store = InlineStore(LimitFile(limit_path, "k", limiter._rules, lambda: next(readings)))
    await limiter.free()
    await limiter.free()
    with pytest.raises(LimiterUnavailableError, match="Another machine uses"):
        await limiter.free()
    await limiter.aclose()


MOUNT = "36 25 {} / /data rw,relatime shared:1 - {} server:/export rw,vers=4.2\n"


@pytest.mark.parametrize(("kind", "is_refused"), [("nfs4", True), ("cifs", True), ("ext4", False)])
async def test_network_file_system_is_refused(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_refused: bool
) -> None:
    """By what the kernel says of the disk, a path on a network gives an error with what to use instead."""
    device, listed = limit_path.parent.stat().st_dev, limit_path.parent / "mountinfo"
    listed.write_text(
        MOUNT.format("0:0", "nfs4") + MOUNT.format(f"{os.major(device)}:{os.minor(device)}", kind)
    )
    monkeypatch.setattr(_place, "MOUNTS", listed)
    if not is_refused:
        await used(limit_path)
        return
    with pytest.raises(LimiterUnavailableError, match=f"{kind}.*share the limit in Redis"):
        await used(limit_path)


def test_share_of_windows_is_a_network() -> None:
    """A path that begins with the name of a machine is on it."""

    class Share:
        drive = r"\\server\share"

    assert _place.network_of(Share()) == "smb"  # type: ignore[arg-type]  # such a path is an object on Windows only


def test_system_that_does_not_tell_its_mounts_is_believed(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without /proc, a path counts as local."""
    monkeypatch.setattr(_place, "MOUNTS", limit_path / "nowhere")
    limit_path.touch()
    assert _place.network_of(limit_path) is None


async def test_file_system_without_a_log_is_refused(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where SQLite cannot keep a write-ahead log, as on many file systems that are shared, no slot is given."""
    monkeypatch.setattr(_file, "_LOG_MODE", "DELETE")
    with pytest.raises(LimiterUnavailableError, match=r"journal mode delete.*share the limit in Redis"):
        await used(limit_path)


async def test_file_shows_neither_addresses_nor_what_was_asked_for(limit_path: Path) -> None:
    """The file holds numbers, the name of the allowance, and the names of processes, which mean nothing."""
    async with InSqlite(limit_path).one("k", LIMIT) as limiter, limiter.slot():
        ((rows,),) = sql(limit_path, "SELECT json_group_array(part) FROM state WHERE allowance = 'k'")
        assert sorted(json.loads(rows)) == ["counters", f"process:{limiter._process}", "rules", "time"]
    assert loop_reading().wall is None

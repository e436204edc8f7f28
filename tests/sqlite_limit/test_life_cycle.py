"""How the limiter is made, by hand or by the environment, and which loops, threads and processes it serves."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from meltingspot_async import (
    DOCUMENTED_LIMITS,
    LimiterUnavailableError,
    MeltingSpotClient,
    RateLimit,
    SlidingWindowLimiter,
    UsageError,
)
from meltingspot_async.rate_limit import _shared
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter, _file, _store
from meltingspot_async.testing import FakeMeltingSpot

from ..support.limiters import run_real, until, use

LIMIT = RateLimit(9, per=DAY)


def limiter_in(path: Path, **options: Any) -> SqliteSlidingWindowLimiter:
    return SqliteSlidingWindowLimiter(path, [LIMIT], key="k", **options)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "meltingspot" in thread.name]


async def use_and_count(limiter: SqliteSlidingWindowLimiter) -> int:
    """Use one slot; returns how many are left."""
    await use(limiter)
    free = (await limiter.free())[LIMIT]
    await limiter.aclose()
    await limiter.aclose()
    return free


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"limits": []}, "at least one"),
        ({"key": ""}, "key"),
        ({"key": None}, "key"),
        ({"patience": -1.0}, "patience"),
        ({"reserve": 1.0}, "reserve"),
        ({"lease": 14.9}, "lease"),
    ],
)
def test_impossible_argument_is_refused(limit_path: Path, wrong: dict[str, Any], match: str) -> None:
    """Names, durations and limits are checked where they are given, and no file is made."""
    arguments: dict[str, Any] = {"limits": [LIMIT], "key": "name"} | wrong
    with pytest.raises(UsageError, match=match):
        SqliteSlidingWindowLimiter(limit_path, **arguments)
    assert not limit_path.exists()


def test_limiter_goes_on_with_the_next_loop_and_after_closing(limit_path: Path) -> None:
    """Each ``asyncio.run`` starts with what the ones before it used, and closing ends the thread."""
    limiter = limiter_in(limit_path)
    assert [asyncio.run(use_and_count(limiter)) for _ in range(3)] == [8, 7, 6]
    run_real(no_thread_is_left())


async def no_thread_is_left() -> None:
    while threads():  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.001)


def test_loop_closed_with_a_step_under_way_loses_nothing(limit_path: Path) -> None:
    """What was in flight on a loop that was closed counts as given up on the next one; no thread complains."""
    limiter = limiter_in(limit_path)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(limiter.slot().__aenter__())
    step = loop.create_task(limiter.free())
    loop.run_until_complete(asyncio.sleep(0))
    step.cancel()
    loop.run_until_complete(asyncio.wait([step]))
    loop.close()

    async def later() -> None:
        assert (await limiter.free())[LIMIT] == 8
        await limiter.aclose()

    run_real(later())


def test_slot_given_back_after_closing_opens_no_file(limit_path: Path) -> None:
    """Who closes the limiter before its requests have ended leaves no thread behind; the lease frees the slots."""

    async def main() -> None:
        limiter = limiter_in(limit_path)
        async with limiter.slot():
            await limiter.aclose()
        await no_thread_is_left()

    run_real(main())


def test_locked_file_holds_up_no_loop_and_fails_in_time(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another program keeps the file locked, the loop runs, requests fail with what to look for, and go on after.

    The fallback, where there is one, is used meanwhile.
    """
    monkeypatch.setattr(_shared, "STORE_TIMEOUT", 0.3)
    monkeypatch.setattr(_file, "PATIENCE", 0.1)
    share = RateLimit(5, per=DAY)

    async def main() -> None:
        fallback = SlidingWindowLimiter([share])
        limiter, careful = limiter_in(limit_path), limiter_in(limit_path, fallback=fallback)
        await use(limiter)
        lock = sqlite3.connect(limit_path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        turns = 0

        async def other_work() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        working = asyncio.create_task(other_work())
        with pytest.raises(LimiterUnavailableError, match=f"Check what keeps {limit_path} locked"):
            await use(limiter)
        assert turns > 10
        await use(careful)
        assert fallback.free() == {share: 4}
        working.cancel()
        lock.close()
        await use(limiter)
        await limiter.aclose()
        await careful.aclose()

    run_real(main())


def test_disk_that_hangs_holds_up_no_end(limit_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limiter is closed in time although a step of it hangs in the disk."""
    monkeypatch.setattr(_shared, "STORE_TIMEOUT", 0.1)
    monkeypatch.setattr(_store, "STORE_TIMEOUT", 0.1)
    goes_on = threading.Event()

    async def main() -> None:
        limiter = limiter_in(limit_path)
        async with limiter.slot():
            monkeypatch.setattr(_file.LimitFile, "step", lambda *_: goes_on.wait())
        too_late = threading.Timer(10.0, goes_on.set)
        too_late.start()
        await limiter.aclose()
        assert not goes_on.is_set()
        too_late.cancel()
        goes_on.set()
        await no_thread_is_left()

    run_real(main())


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_forked_process_shares_the_limit_of_its_parent(limit_path: Path) -> None:
    """A limiter that was used before a fork serves parent and child, each as a process of its own."""
    limiter = limiter_in(limit_path)

    async def before() -> None:
        await use(limiter)
        await until(lambda: limiter._reporting is None)

    asyncio.run(before())
    child = os.fork()
    if child == 0:
        os._exit(asyncio.run(use_and_count(limiter)))
    free_in_child = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert free_in_child == 7
    assert asyncio.run(use_and_count(limiter)) == 6


def test_process_that_was_forked_has_a_thread_of_its_own(
    limit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that takes the parent's steps is not in the child: it starts another one, under another name."""
    limiter = limiter_in(limit_path)

    async def main() -> None:
        async with limiter.slot():
            parent, thread = limiter._process, limiter._store._thread  # type: ignore[attr-defined]
            monkeypatch.setattr(os, "getpid", lambda: -1)
            await use(limiter)
        assert "" != parent != limiter._process
        assert limiter._store._thread is not thread  # type: ignore[attr-defined]
        await limiter.aclose()

    run_real(main())


def files_open() -> set[tuple[int, int]]:
    """The files that this process has open."""
    found: set[tuple[int, int]] = set()
    for number in range(256):
        with suppress(OSError):
            file = os.fstat(number)
            found.add((file.st_dev, file.st_ino))
    return found


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_no_connection_is_carried_over_a_fork(limit_path: Path) -> None:
    """Before a fork the file is closed, in every limiter of the process, so that no lock passes for the child's."""
    limiter = limiter_in(limit_path)

    async def main() -> None:
        await use(limiter)
        await until(lambda: limiter._reporting is None)
        file = limit_path.stat()  # noqa: ASYNC240 - it is in memory
        assert (file.st_dev, file.st_ino) in files_open()
        child = os.fork()
        if child == 0:
            os._exit((file.st_dev, file.st_ino) in files_open())
        assert os.waitpid(child, 0)[1] == 0  # noqa: ASYNC222 - it ends at once
        await use(limiter)
        await limiter.aclose()

    run_real(main())


@pytest.mark.parametrize("is_auto", [True, False])
def test_environment_makes_processes_share_the_limit(
    fake: FakeMeltingSpot, limit_path: Path, monkeypatch: pytest.MonkeyPatch, is_auto: bool
) -> None:
    """MELTINGSPOT_LIMIT_FILE is enough; each key and address has an allowance; the file shows a hash of the key."""
    monkeypatch.setenv("XDG_STATE_HOME", str(limit_path))
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "auto" if is_auto else str(limit_path / "named"))
    _, day = DOCUMENTED_LIMITS

    async def main() -> None:
        async with MeltingSpotClient.from_env() as one, MeltingSpotClient.from_env() as two:
            for client in (one, two):
                await client.course_participants.get("c", "participant-2")
            limiter = two.session_manager._limiter
            assert isinstance(limiter, SqliteSlidingWindowLimiter)
            assert (await limiter.free())[day] == day.requests - 2
        monkeypatch.setenv("MELTINGSPOT_BASE_URL", "http://localhost:1")
        async with MeltingSpotClient.from_env() as client:
            limiter = client.session_manager._limiter
            assert isinstance(limiter, SqliteSlidingWindowLimiter)
            assert (await limiter.free())[day] == day.requests

    run_real(main())
    files = [path for path in limit_path.rglob("*") if path.is_file()]
    assert len(files) == (2 if is_auto else 1)
    assert {path.parent for path in files} == {limit_path / "meltingspot_async" if is_auto else limit_path}
    assert all(fake.api_key.encode() not in bytes(path) + path.read_bytes() for path in files)


def test_environment_without_a_file_keeps_the_limit_in_memory(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not set, empty or ``off``, MELTINGSPOT_LIMIT_FILE leaves a client its limiter of one process."""
    for value in ("", "off"):
        monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", value)
        limiter = MeltingSpotClient.from_env().session_manager._limiter
        assert isinstance(limiter, SlidingWindowLimiter)
    assert fake.received == []


def test_two_places_for_one_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis and a file at the same time are an error that names both; ``off`` is no file."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_REDIS_URL", "redis://localhost")
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "auto")
    with pytest.raises(UsageError, match="MELTINGSPOT_REDIS_URL and MELTINGSPOT_LIMIT_FILE are both set"):
        MeltingSpotClient.from_env()
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "off")
    MeltingSpotClient.from_env()


def test_state_folder_is_that_of_the_user(
    fake: FakeMeltingSpot, limit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without XDG_STATE_HOME, the file is in .local/state of the user's home."""
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(limit_path))
    monkeypatch.setenv("USERPROFILE", str(limit_path))
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "auto")

    async def main() -> None:
        async with MeltingSpotClient.from_env() as client:
            await client.course_participants.get("c", "participant-2")

    run_real(main())
    (made,) = (limit_path / ".local" / "state" / "meltingspot_async").iterdir()
    assert made.name.startswith("limit-")


def test_python_without_sqlite3_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that was built without sqlite3 works without a file, and says what is missing for one."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    for name in [name for name in sys.modules if name.startswith("meltingspot_async.sqlite_limit")]:
        monkeypatch.delitem(sys.modules, name)
    MeltingSpotClient.from_env()
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "auto")
    with pytest.raises(LimiterUnavailableError, match="built without sqlite3"):
        MeltingSpotClient.from_env()

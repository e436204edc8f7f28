"""The file of the SQLite limiter, on a clock that a test sets and without a thread."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from meltingspot_async.sqlite_limit._clock import Reading
from meltingspot_async.sqlite_limit._store import SqliteStore

from .clock import now

T = TypeVar("T")

IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: tests that make many do not wait for the disk."""


class InlineStore(SqliteStore):
    """Takes its steps without suspending: what happens in a test does not depend on how fast the machine is."""

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return work()

    async def close(self) -> None:
        self._file.close()


def loop_reading() -> Reading:
    """The running loop's time, as the clock of a machine would tell it."""
    return Reading("boot", int(now() * 1e6), None)


@contextmanager
def fast_folder() -> Generator[Path, None, None]:
    """A folder for files, removed at the end with all that is in it."""
    fast = os.access(IN_MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if fast else None) as folder:
        yield Path(folder)

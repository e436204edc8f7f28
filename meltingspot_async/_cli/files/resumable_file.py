"""A file that one export begins and a later one can continue: how it is opened, locked and repaired."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO, Self

from ...errors import UsageError

_fcntl: ModuleType | None = None
with suppress(ImportError):  # Windows has no such module
    import fcntl as _fcntl

PRIVATE = 0o600
"""Permissions of a new file: its owner's alone, because it holds personal data."""


def private(path: str, flags: int) -> int:
    """Open a file, and create it for its owner alone; an ``opener`` for ``open``."""
    return os.open(path, flags, PRIVATE)


class ResumableFile(ABC):
    """A file that one process at a time writes, and whose end is repaired when it is opened.

    To be used as a context manager. Its length is the number of items in it.

    :param resume: continue the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    _file: IO[bytes]

    def __init__(self, path: Path, *, resume: bool) -> None:
        self.path = path
        self.resume = resume
        self.is_locked = False
        """Whether other processes are kept out: not every system can do that."""

    def __enter__(self) -> Self:
        """Open and lock the file, cut off an incomplete end, and learn what the file holds.

        :raises FileExistsError: if the file exists and is not to be resumed.
        :raises FileNotFoundError: if its folder does not exist.
        :raises UsageError: if it is not a regular file, if another process is writing it, or if it holds something
            else than such an export.
        """
        if self.path.exists() and not self.path.is_file():
            raise UsageError(
                f"{self.path} is not a regular file, and could not be continued. Choose another one."
            )
        if not self.resume:
            self.path.touch(mode=PRIVATE, exist_ok=False)
        self._file = self._open()
        try:
            self._lock()
            self._repair()
        except BaseException:  # Ctrl-C too: nobody else closes the file, and open it would stay locked
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    @abstractmethod
    def __len__(self) -> int:
        """How many items are in the file."""

    @abstractmethod
    def _open(self) -> IO[bytes]:
        """Open the file for reading and appending."""

    @abstractmethod
    def _repair(self) -> None:
        """Cut off an incomplete end, and learn what the file holds."""

    def _lock(self) -> None:
        """Keep other processes out until the file is closed, where the system can do that."""
        if _fcntl is None:
            return
        try:
            _fcntl.flock(self._file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{self.path} is being written by another process. Wait until it ends, or choose another file."
            ) from None
        except OSError:  # some network file systems have no locks
            return
        self.is_locked = True

"""A file that an export writes, and that a later one can go on with: opened, locked and mended as one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ...errors import UsageError

_fcntl = import_module("fcntl") if find_spec("fcntl") else None  # Windows has none


class ResumableFile(ABC):
    """A file of one process at a time, whose end is mended when it is opened. To be used as a context manager.

    :param resume: go on with the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    _file: IO[bytes]

    def __init__(self, path: Path, *, resume: bool) -> None:
        self._path = path
        self._resume = resume

    def __enter__(self) -> Self:
        """Open and lock the file, cut off what an interruption has left, and learn what it holds.

        :raises FileExistsError: if the file exists and is not to be resumed.
        :raises UsageError: if another process writes the file, or something in it was not written here.
        """
        if not self._resume:
            self._path.touch(exist_ok=False)
        self._file = self._open()
        try:
            self._lock()
            self._mend()
        except BaseException:  # whatever it is: an open file would keep its lock
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
    def _open(self) -> IO[bytes]:
        """The file, to be read and appended to."""

    @abstractmethod
    def _mend(self) -> None:
        """Cut off what an interruption has left, and learn what the file holds."""

    def _lock(self) -> None:
        """Keep other processes out until the file is closed, where the system can."""
        if _fcntl is None:
            return
        try:
            _fcntl.flock(self._file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{self._path} is being written by another process. Wait for its end, or take another file."
            ) from None

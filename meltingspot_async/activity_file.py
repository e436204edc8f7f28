"""A file of activities that survives any interruption: JSON Lines in order, of which the last says where to go on."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from .errors import InvalidResponseError, UsageError
from .models import Activity
from .record_file import lock
from .structuring import structure, unstructure


class ActivityFile:
    """A file that activities are appended to. To be used as a context manager.

    Unlike a :class:`~meltingspot_async.record_file.RecordFile` it remembers no keys, so that it takes flat memory:
    an export of activities goes on where it ended, and gives none twice.

    :param resume: go on with the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self._path = path
        self._resume = resume
        self._count = 0
        self._file: BinaryIO
        self.last_id: str | None = None
        """Id of the last activity in the file."""

    def __enter__(self) -> Self:
        """Open and lock the file, cut off what an interruption has left, and learn the last id.

        :raises FileExistsError: if the file exists and is not to be resumed.
        :raises UsageError: if another process writes the file, or it does not end in an activity with an id.
        """
        if not self._resume:
            self._path.touch(exist_ok=False)
        self._file = self._path.open("a+b")
        try:
            lock(self._file, self._path)
            self._mend()
        except BaseException:  # whatever it is: an open file would keep its lock
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def append(self, activity: Activity) -> None:
        """Write an activity at the end."""
        line = json.dumps(unstructure(activity), ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode(errors="backslashreplace"))
        self._count += 1

    def _mend(self) -> None:
        """Count the whole lines, cut off what follows the last of them, and learn its id."""
        end, last = 0, b""
        self._file.seek(0)
        for line in self._file:
            if line.endswith(b"\n"):
                end, last, self._count = end + len(line), line, self._count + 1
        if last:
            try:
                self.last_id = structure(last, Activity, str(self._path)).id
            except InvalidResponseError:
                self.last_id = None
            if self.last_id is None:
                raise UsageError(
                    f"{self._path} does not end in an activity with an id; nothing was changed. Take another file."
                )
        self._file.seek(end)
        if not last and self._file.read(1) not in b"{":
            raise UsageError(
                f"{self._path} is not an export of activities; nothing was changed. Take another file."
            )
        self._file.truncate(end)

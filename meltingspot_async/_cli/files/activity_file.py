"""A file of activities that survives any interruption: JSON Lines in order, of which the last says where to go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from ...errors import InvalidResponseError, UsageError
from ...models import Activity
from ...models._converter import structure, to_dict
from .resumable_file import ResumableFile


class ActivityFile(ResumableFile):
    """A file that activities are appended to. To be used as a context manager.

    Unlike a ``RecordFile`` it remembers no keys, so that it takes flat memory:
    an export of activities goes on where it ended, and gives none twice.

    :param resume: go on with the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        super().__init__(path, resume=resume)
        self._count = 0
        self.last_id: str | None = None
        """Id of the last activity in the file."""

    def __len__(self) -> int:
        return self._count

    def append(self, activity: Activity) -> None:
        """Write an activity at the end."""
        line = json.dumps(to_dict(activity), ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode(errors="backslashreplace"))
        self._count += 1

    def _open(self) -> IO[bytes]:
        return self._path.open("a+b")

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

"""A file of activities that survives any interruption: JSON Lines in order. The last line says where to continue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from ...errors import InvalidResponseError, UsageError
from ...models import Activity, to_dict
from ...models._converter import structure
from .resumable_file import ResumableFile


class ActivityFile(ResumableFile):
    """A file that activities are appended to. To be used as a context manager.

    Unlike a ``RecordFile`` it remembers no keys, and so takes the same memory at any size: an export of activities
    continues where it ended, and repeats none.

    :param resume: continue the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        super().__init__(path, resume=resume)
        self._count = 0
        self.last_id: str | None = None
        """Id of the last activity in the file."""

    def __len__(self) -> int:
        return self._count

    def append(self, activity: Activity) -> None:
        """Write an activity to the end of the file."""
        line = json.dumps(to_dict(activity), ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode(errors="backslashreplace"))
        self._count += 1

    def _open(self) -> IO[bytes]:
        return self.path.open("a+b")

    def _repair(self) -> None:
        """Count the complete lines, remember the id of the last one, and cut off what follows it."""
        end, last = 0, b""
        self._file.seek(0)
        for line in self._file:
            if line.endswith(b"\n"):
                end, last, self._count = end + len(line), line, self._count + 1
        if last:
            try:
                self.last_id = structure(last, Activity, str(self.path)).id
            except InvalidResponseError:
                self.last_id = None
            if self.last_id is None:
                raise UsageError(
                    f"{self.path} does not end with an activity that has an id, and was left as it is. "
                    "Choose another file."
                )
        self._file.seek(end)
        if not last and self._file.read(1) not in b"{":
            raise UsageError(
                f"{self.path} is not an export of activities, and was left as it is. Choose another file."
            )
        self._file.truncate(end)

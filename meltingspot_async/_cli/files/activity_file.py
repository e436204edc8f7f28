"""A file of activities that survives any interruption: JSON Lines in order. The last line says where to continue."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import IO

from ..._paging.export_cursor import MAX_REMEMBERED
from ...errors import InvalidResponseError, UsageError
from ...models import Activity, to_json
from ...models._converter import structure
from ...models.activity import event_id
from .resumable_file import ResumableFile, private


class ActivityFile(ResumableFile):
    """A file that activities are appended to. To be used as a context manager.

    Unlike a ``RecordFile`` it remembers the last 1,000 ids only, and so takes the same memory at any size: an export
    of activities continues where it ended, and repeats none but the last ones.

    :param id_field: name of the field that is the id of an activity. Default: the usual ones.
    :param resume: continue the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    def __init__(self, path: Path, *, id_field: str | None = None, resume: bool) -> None:
        super().__init__(path, resume=resume)
        self._id_field = id_field
        self._count = 0
        self._known = frozenset[str | None]()
        self.last_id: str | None = None
        """Id of the last activity that the file held when it was opened."""

    def __len__(self) -> int:
        return self._count

    def append(self, activity: Activity) -> None:
        """Write an activity to the end of the file, unless it was one of the last ones when the file was opened."""
        if event_id(activity, self._id_field) in self._known:
            return
        self._file.write(f"{to_json(activity)}\n".encode())
        self._count += 1

    def _open(self) -> IO[bytes]:
        return open(self.path, "a+b", opener=private)

    def _repair(self) -> None:
        """Count the complete lines, remember the ids of the last ones, and cut off what follows them."""
        end, last = 0, deque[bytes](maxlen=MAX_REMEMBERED)
        self._file.seek(0)
        for line in self._file:
            if line.endswith(b"\n"):
                end, self._count = end + len(line), self._count + 1
                last.append(line)
        ids = [self._id_in(line) for line in last]
        self.last_id = ids[-1] if ids else None
        self._known = frozenset(ids) - {None}
        if last and self.last_id is None:
            raise UsageError(
                f"{self.path} does not end with an activity that has an id, and was left as it is. "
                "Choose another file; or if the id has another name, give it with --id-field."
            )
        self._file.seek(end)
        if not last and self._file.read(1) not in b"{":
            raise UsageError(
                f"{self.path} is not an export of activities, and was left as it is. Choose another file."
            )
        self._file.truncate(end)

    def _id_in(self, line: bytes) -> str | None:
        """The id of an activity that was written; ``None`` if the line is not an activity, or has no id."""
        try:
            return event_id(structure(line, Activity, str(self.path)), self._id_field)
        except InvalidResponseError:
            return None

"""A file of ids, one on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import UsageError


def read_ids(path: Path) -> Iterator[str]:
    """The ids of a file, one per line; blank lines, white space around ids and a byte order mark do not count.

    :raises UsageError: if the file is not UTF-8.
    """
    with path.open(encoding="utf-8-sig") as lines:
        try:
            yield from (line.strip() for line in lines if line.strip())
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not a text in UTF-8.") from None

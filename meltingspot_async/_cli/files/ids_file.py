"""A file of ids, one on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import UsageError

MAX_LINE = 1_000
"""Characters of a line: far more than any id has."""


def read_ids(path: Path) -> Iterator[str]:
    """The ids of a file, one per line; blank lines, white space around ids and a byte order mark do not count.

    :raises UsageError: if the file is not UTF-8, or has a line of more than 1,000 characters.
    """
    with path.open(encoding="utf-8-sig") as file:
        try:
            while line := file.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise UsageError(f"{path} has a line of more than {MAX_LINE} characters, which is no id.")
                if "\0" in line:  # UTF-16 that does not say so
                    raise UsageError(_NOT_TEXT.format(path))
                if line.strip():
                    yield line.strip()
        except UnicodeDecodeError:
            raise UsageError(_NOT_TEXT.format(path)) from None


_NOT_TEXT = "{} is not a text in UTF-8."

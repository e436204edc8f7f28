"""A file of records that survives any interruption: JSON Lines or CSV, appended record by record.

After a ``kill -9`` or on a full disk, the file ends with a part of a record at worst. The next start cuts that
part off and continues after the last complete record. A file that differs in any other way from what this module
writes is refused, and left as it is. Only regular files are supported.
"""

from __future__ import annotations

import csv
import enum
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from ...errors import UsageError
from ...models._json import write
from .resumable_file import ResumableFile, private


class Format(enum.Enum):
    """How a file of records is written."""

    JSONL = "jsonl"
    """One JSON object per line."""
    CSV = "csv"
    """A header, then one row per record. CSV writes ``None`` and an empty text in the same way. An apostrophe stands
    before a text that a spreadsheet would take for a formula."""


_FORMATS = {".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".csv": Format.CSV}


def format_of(path: Path) -> Format | None:
    """The format for the ending of a file's name; ``None`` for an unknown ending."""
    return _FORMATS.get(path.suffix.lower())


class RecordFile(ResumableFile):
    """A file of flat records, of which no two have the same key. To be used as a context manager.

    :param columns: the names of the fields that are written, in this order. Every record has all of them.
    :param key: the columns that identify a record.
    :param resume: continue the file if it exists. Without it, an existing file is a ``FileExistsError``.
    """

    def __init__(
        self,
        path: Path,
        format: Format,  # noqa: A002
        columns: Sequence[str],
        *,
        key: Sequence[str],
        resume: bool,
    ) -> None:
        super().__init__(path, resume=resume)
        self._format = format
        self._columns = columns
        self._key = key
        self._header = _csv_line(columns) if format is Format.CSV else b""
        self._keys: set[tuple[str, ...]] = set()
        self._end = 0  # offset in bytes after the last complete record

    def __contains__(self, key: tuple[str, ...]) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def append(self, records: Iterable[Mapping[str, object]]) -> int:
        """Write the records whose key is not in the file yet. Returns how many were written.

        If one of them cannot be written, none is. After an ``OSError``, the records before it are in the file.
        """
        lines: dict[tuple[str, ...], bytes] = {}
        for record in records:
            key = self._key_of(record)
            if key not in self._keys and key not in lines:
                lines[key] = self._line(record)
        self._file.truncate(self._end)  # the append before this one may have failed in the middle of a record
        for key, line in lines.items():
            self._write(line)
            self._keys.add(key)
        return len(lines)

    def _open(self) -> IO[bytes]:
        return open(self.path, "a+b", buffering=0, opener=private)

    def _repair(self) -> None:
        """Learn the keys of the complete records, and cut off what follows the last one."""
        self._file.seek(0)
        with os.fdopen(self._file.fileno(), "rb", closefd=False) as file:
            head = file.read(len(self._header))
            if head == self._header:
                self._end = self._scan(file)
            elif not self._header.startswith(head):
                raise self._refusal(1, "is not the header of this export")
        self._file.truncate(self._end)
        if self._end == 0:
            self._write(self._header)

    def _scan(self, file: io.BufferedReader) -> int:
        """Learn the keys of the complete records. Returns the offset in bytes after the last one."""
        lines = _Lines(file, self._header.count(b"\n"))
        end, ours = lines.end, True
        try:
            for record in self._records(lines):
                ours = isinstance(record, dict) and all(name in record for name in self._key)
                if not ours:
                    break
                self._keys.add(self._key_of(cast("dict[str, object]", record)))
                end = lines.end
        except (ValueError, RecursionError, csv.Error):
            ours = file.peek(1) == b""  # an interruption can only have broken the last record
        file.seek(end)
        # A part of a JSON record starts with a brace. Anything else may be a file that somebody needs.
        if not ours or (self._format is Format.JSONL and file.read(1) not in b"{"):
            # Raised outside the handler, because the exceptions of json hold the text.
            raise self._refusal(lines.number, "is not a record of this export")
        return end

    def _records(self, lines: _Lines) -> Iterator[object]:
        return map(json.loads, lines) if self._format is Format.JSONL else _csv_records(lines, self._columns)

    def _key_of(self, record: Mapping[str, object]) -> tuple[str, ...]:
        return tuple("" if record[name] is None else str(record[name]) for name in self._key)

    def _line(self, record: Mapping[str, object]) -> bytes:
        if self._format is Format.JSONL:
            return f"{write({name: record[name] for name in self._columns})}\n".encode()
        return _csv_line([record[name] for name in self._columns])

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._file.fileno(), rest) :]
        self._end += len(line)

    def _refusal(self, number: int, problem: str) -> UsageError:
        return UsageError(
            f"{self.path}: line {number} {problem}, so the file was left as it is. "
            "Correct it, or choose another file."
        )


class _Lines:
    """The complete lines of a file from its current position on, and the offset where they end.

    What follows the last line break is not a line: an interruption has left it.
    """

    def __init__(self, file: io.BufferedReader, number: int) -> None:
        self._file = file
        self.number = number
        self.end = file.tell()

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.number += 1
            if line.endswith(b"\n"):
                self.end += len(line)
                yield line.decode()


def _csv_records(lines: Iterable[str], columns: Sequence[str]) -> Iterator[dict[str, str]]:
    for row in csv.reader(lines, strict=True):
        yield dict(zip(columns, map(_armed, row), strict=True))


_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet takes for a formula, or that already has apostrophes before one."""


def _defused(cell: object) -> object:
    """A cell that no spreadsheet runs: people choose their own names."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _armed(cell: str) -> str:
    """A cell as it was before it was defused."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _csv_line(row: Sequence[object]) -> bytes:
    """One row as CSV. Half a surrogate pair becomes its escape.

    :raises UsageError: if the row is longer than the csv module can read back.
    """
    text = io.StringIO(newline="")
    # Before Python 3.13, a carriage return is quoted only if it is part of the line terminator.
    csv.writer(text, lineterminator="\r\n").writerow(map(_defused, row))
    line = text.getvalue().removesuffix("\r\n") + "\n"
    if len(line) > csv.field_size_limit():
        raise UsageError(
            f"A record of {len(line)} characters is too long for CSV. Export to JSON Lines instead."
        )
    return line.encode(errors="backslashreplace")

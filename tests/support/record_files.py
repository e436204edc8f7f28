"""Files of records: what is written to them in the tests, and a disk that can be full."""

from __future__ import annotations

import csv
import errno
import json
import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st

from meltingspot_async._cli.files.record_file import Format, RecordFile

COLUMNS = ("id", "courseId", "name", "rate")
KEY = ("courseId", "id")
HEADER = b"id,courseId,name,rate\n"

both_formats = pytest.mark.parametrize("kind", list(Format))
texts = st.text() | st.text(st.sampled_from('a",\n\r\0\N{SNOWMAN}{}\\ '))
record_lists = st.lists(
    st.fixed_dictionaries(
        {
            "id": texts,
            "courseId": texts,
            "name": texts | st.none(),
            "rate": st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False),
        }
    ),
    max_size=8,
    unique_by=lambda record: (record["courseId"], record["id"]),
)


def opened(path: Path, kind: Format, *, resume: bool = True) -> RecordFile:
    """A file of records with the columns and the key of these tests."""
    return RecordFile(path, kind, COLUMNS, key=KEY, resume=resume)


def record(number: int, name: str | None = "Ann") -> dict[str, object]:
    """One record, told from others by its number."""
    return {"id": f"p{number}", "courseId": "c", "name": name, "rate": number}


def key_of(one: Mapping[str, object]) -> tuple[str, str]:
    """The key of a record."""
    return str(one["courseId"]), str(one["id"])


def read(path: Path, kind: Format) -> list[dict[str, object]]:
    """The records of a file, read as any program reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        if kind is Format.CSV:
            return [dict[str, object](row) for row in csv.DictReader(file, strict=True)]
        return [json.loads(line) for line in file.read().split("\n")[:-1]]


def as_read(one: Mapping[str, object], kind: Format) -> dict[str, object]:
    """A record as it is read from the format: in CSV, everything is a text, and formulas have an apostrophe."""
    if kind is Format.JSONL:
        return dict(one)
    return {name: "" if value is None else _cell(value) for name, value in one.items()}


def _cell(value: object) -> str:
    is_formula = isinstance(value, str) and value.lstrip("'")[:1] in {*"=+-@\t\r"}
    return f"'{value}" if is_formula else str(value)


@contextmanager
def temporary_path() -> Generator[Path]:
    """A path for each example of Hypothesis."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory, "records")


class Disk:
    """A disk that takes a few bytes at a time, and only has room for some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at_once: int, room: int) -> None:
        self.at_once, self.room, self._write = at_once, room, os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: memoryview) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(file, data[: min(self.at_once, self.room)])
        self.room -= written
        return written

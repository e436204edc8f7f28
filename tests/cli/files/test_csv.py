"""What only CSV has: rows that are too long to be read back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from meltingspot_async import UsageError
from meltingspot_async._cli.files.record_file import Format

from ...support.record_files import opened, record


def test_csv_row_too_long_to_read_back_is_refused(path: Path) -> None:
    """Whatever is written to CSV can be resumed: a longer record is refused, and JSON Lines takes it."""
    limit = csv.field_size_limit()
    frame = len("p1,c,,1\n")
    with opened(path, Format.CSV) as file:
        assert file.append([record(1, "x" * (limit - frame))]) == 1
        with pytest.raises(UsageError, match="JSON Lines"):
            file.append([record(2, "x" * (limit - frame + 1))])
    with opened(path, Format.CSV) as file:
        assert len(file) == 1
    path.unlink()
    for resumed in range(2):
        with opened(path, Format.JSONL) as file:
            assert len(file) == resumed
            file.append([record(1, "x" * (limit + 1))])

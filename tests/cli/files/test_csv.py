"""What only CSV has: rows that are too long to be read back, and cells that spreadsheets run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from meltingspot_async import UsageError
from meltingspot_async._cli.files.record_file import Format

from ...support.record_files import opened, read, record


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


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("'=1", "''=1"),
        ("'n Name", "'n Name"),
        ("a=b", "a=b"),
    ],
)
def test_formula_is_defused_and_read_back(name: str, cell: str, path: Path) -> None:
    """A text that a spreadsheet would run has an apostrophe before it, and a resumed export knows it all the same."""
    odd = {**record(1, name), "id": name}
    with opened(path, Format.CSV) as file:
        file.append([odd])
    assert [one["name"] for one in read(path, Format.CSV)] == [cell]
    with opened(path, Format.CSV) as file:
        assert file.append([odd]) == 0


def test_number_is_no_formula(path: Path) -> None:
    """A negative number stays a number."""
    with opened(path, Format.CSV) as file:
        file.append([{**record(1), "rate": -5}])
    assert path.read_text().endswith(",-5\n")

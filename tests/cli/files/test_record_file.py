"""A file of records: what it holds, and what it refuses to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from meltingspot_async._cli.files.record_file import Format, format_of

from ...support.record_files import (
    as_read,
    both_formats,
    key_of,
    opened,
    read,
    record,
    record_lists,
    temporary_path,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", Format.JSONL),
        ("a.NDJSON", Format.JSONL),
        ("a.jsonl.Csv", Format.CSV),
        ("a.json", None),
        ("csv", None),
        (".csv", None),
    ],
)
def test_ending_of_the_name_decides_the_format(name: str, kind: Format | None) -> None:
    """.jsonl, .ndjson and .csv are known in any case, and nothing else is."""
    assert format_of(Path("some.csv", name)) is kind


def test_written_jsonl_and_csv_look_as_documented(path: Path) -> None:
    """The formats are compact JSON Lines, and CSV with a header, both in UTF-8 and in the order of the columns."""
    one = dict(reversed(record(1, 'J\N{LATIN SMALL LETTER O WITH DIAERESIS}, "x"').items()))
    for kind, written in (
        (Format.JSONL, '{"id":"p1","courseId":"c","name":"J\xf6, \\"x\\"","rate":1}\n'),
        (Format.CSV, 'id,courseId,name,rate\np1,c,"J\xf6, ""x""",1\n'),
    ):
        with opened(path, kind) as file:
            file.append([one])
        assert path.read_bytes() == written.encode()
        path.unlink()


@both_formats
@given(written=record_lists)
def test_values_survive_writing_and_resuming(kind: Format, written: list[dict[str, object]]) -> None:
    """Whatever is in the values, every reader gets it back, and a resumed file knows every key."""
    with temporary_path() as path:
        with opened(path, kind, resume=False) as file:
            assert file.append(written) == len(written)
            assert len(file) == len(written)
        assert read(path, kind) == [as_read(one, kind) for one in written]
        with opened(path, kind) as file:
            assert len(file) == len(written)
            assert all(key_of(one) in file for one in written)
            assert file.append(written) == 0
        assert read(path, kind) == [as_read(one, kind) for one in written]


@both_formats
def test_record_is_not_written_twice(kind: Format, path: Path) -> None:
    """Of several records with one key, the first is kept: within a call, across calls, and across resumptions."""
    with opened(path, kind) as file:
        assert file.append([record(1, "first"), record(2), record(1, "second")]) == 2
        assert file.append(iter([record(1, "third"), record(3)])) == 1
    with opened(path, kind) as file:
        assert file.append([record(1, "fourth")]) == 0
    assert [one["name"] for one in read(path, kind)] == ["first", "Ann", "Ann"]


@both_formats
def test_key_is_recognised_by_its_text(kind: Format, path: Path) -> None:
    """A number or None as a key is recognised after a resumption, by its text."""
    odd = {"id": 7, "courseId": None, "name": "Ann", "rate": 1}
    with opened(path, kind) as file:
        file.append([odd])
        assert ("", "7") in file
    with opened(path, kind) as file:
        assert ("", "7") in file
        assert file.append([odd]) == 0


@both_formats
def test_record_without_a_column_stops_the_append(kind: Format, path: Path) -> None:
    """A record that lacks one of the columns is noticed before anything is written."""
    with opened(path, kind) as file:
        before = path.read_bytes()
        with pytest.raises(KeyError):
            file.append([record(1), {"id": "p2", "courseId": "c"}])
        assert len(file) == 0
        assert path.read_bytes() == before


def test_nan_is_not_written_to_json(path: Path) -> None:
    """NaN, which other JSON readers do not accept, is an error."""
    with opened(path, Format.JSONL) as file, pytest.raises(ValueError, match="JSON compliant"):
        file.append([{**record(1), "rate": float("nan")}])
    assert path.read_bytes() == b""


def test_half_a_surrogate_pair_is_written(path: Path) -> None:
    """Half a surrogate pair comes back from JSON Lines, and becomes its escape in CSV."""
    for kind, name in ((Format.JSONL, "A\ud83d"), (Format.CSV, "A\\ud83d")):
        with opened(path, kind) as file:
            file.append([record(1, "A\ud83d")])
        assert read(path, kind)[0]["name"] == name
        path.unlink()

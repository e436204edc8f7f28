"""What a file of records holds after every kind of interruption."""

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
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import UsageError
from meltingspot_async._cli.files import resumable_file
from meltingspot_async._cli.files.record_file import Format, RecordFile, format_of

COLUMNS = ("id", "courseId", "name", "rate")
KEY = ("courseId", "id")
HEADER = b"id,courseId,name,rate\n"

both_formats = pytest.mark.parametrize("kind", list(Format))
texts = st.text() | st.text(st.sampled_from('a",\n\r\0\N{SNOWMAN}{}\\ '))
records = st.lists(
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
    return RecordFile(path, kind, COLUMNS, key=KEY, resume=resume)


def record(number: int, name: str | None = "Ann") -> dict[str, object]:
    return {"id": f"p{number}", "courseId": "c", "name": name, "rate": number}


def key_of(one: Mapping[str, object]) -> tuple[str, str]:
    return str(one["courseId"]), str(one["id"])


def read(path: Path, kind: Format) -> list[dict[str, object]]:
    """The records of a file, as any program would read them."""
    with path.open(encoding="utf-8", newline="") as file:
        if kind is Format.CSV:
            return [dict[str, object](row) for row in csv.DictReader(file, strict=True)]
        return [json.loads(line) for line in file.read().split("\n")[:-1]]


def as_read(one: Mapping[str, object], kind: Format) -> dict[str, object]:
    """A record as the format can tell it: CSV knows texts only."""
    if kind is Format.JSONL:
        return dict(one)
    return {name: "" if value is None else str(value) for name, value in one.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records"


@contextmanager
def temporary_path() -> Generator[Path]:
    """A path for each example of Hypothesis."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory, "records")


class Disk:
    """A disk that takes a few bytes at a time, and has room for some more only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at_once: int, room: int) -> None:
        self.at_once, self.room, self._write = at_once, room, os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: memoryview) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(file, data[: min(self.at_once, self.room)])
        self.room -= written
        return written


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
def test_the_ending_tells_the_format(name: str, kind: Format | None) -> None:
    """.jsonl, .ndjson and .csv are known in any case, and nothing else is."""
    assert format_of(Path("some.csv", name)) is kind


def test_what_is_written_looks_as_documented(path: Path) -> None:
    """The formats are compact JSON Lines, and CSV with a header, both in UTF-8 and in the columns' order."""
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
@given(written=records)
def test_values_survive(kind: Format, written: list[dict[str, object]]) -> None:
    """Whatever stands in the values, every reader gets it back, and a resumed file knows every key."""
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
@given(written=records, data=st.data())
def test_a_cut_anywhere_loses_and_doubles_nothing(
    kind: Format,
    written: list[dict[str, object]],
    data: st.DataObject,
) -> None:
    """A file cut at any byte and resumed ends up as if it had never been cut."""
    with temporary_path() as path:
        with opened(path, kind) as file:
            file.append(written)
        whole = path.read_bytes()
        for cut in data.draw(st.lists(st.integers(0, len(whole)), min_size=1, max_size=4)):
            os.truncate(path, cut)
            with opened(path, kind) as file:
                kept = len(file)
                assert [key_of(one) in file for one in written] == [
                    number < kept for number in range(len(written))
                ]
                assert file.append(written) == len(written) - kept
            assert path.read_bytes() == whole


@both_formats
def test_a_cut_takes_no_more_than_one_record(kind: Format, path: Path) -> None:
    """Wherever the file is cut, every record that is whole is kept, line breaks in values or not."""
    names = ["Ann", "a\nb", 'x\n"y"\n', "\n\n", "a\r\n,", "\r", None]
    ends: list[int] = []
    with opened(path, kind) as file:
        ends.append(path.stat().st_size)
        for number, name in enumerate(names):
            file.append([record(number, name)])
            ends.append(path.stat().st_size)
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with opened(path, kind) as file:
            assert len(file) == sum(end <= cut for end in ends[1:])
        assert path.stat().st_size == max(end for end in ends if end <= max(cut, ends[0]))


@both_formats
def test_no_record_is_written_twice(kind: Format, path: Path) -> None:
    """Of the records of one key the first is kept, within a call and across calls and resumptions."""
    with opened(path, kind) as file:
        assert file.append([record(1, "first"), record(2), record(1, "second")]) == 2
        assert file.append(iter([record(1, "third"), record(3)])) == 1
    with opened(path, kind) as file:
        assert file.append([record(1, "fourth")]) == 0
    assert [one["name"] for one in read(path, kind)] == ["first", "Ann", "Ann"]


@both_formats
def test_a_key_is_a_key_as_text(kind: Format, path: Path) -> None:
    """A number or nothing as key is known again after a resumption, by its text."""
    odd = {"id": 7, "courseId": None, "name": "Ann", "rate": 1}
    with opened(path, kind) as file:
        file.append([odd])
        assert ("", "7") in file
    with opened(path, kind) as file:
        assert ("", "7") in file
        assert file.append([odd]) == 0


@both_formats
def test_an_existing_file_is_not_overwritten(kind: Format, path: Path) -> None:
    """Without resume, a file that exists is an error and stays as it is."""
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError), opened(path, kind, resume=False):
        pass
    assert path.read_bytes() == b"precious"


@both_formats
def test_a_directory_is_an_error_of_the_system(kind: Format, tmp_path: Path) -> None:
    """A path that cannot be a file is reported in the system's words."""
    with pytest.raises(IsADirectoryError), opened(tmp_path, kind):
        pass


@both_formats
@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_a_full_disk_costs_nothing_written_before(
    kind: Format,
    at_once: int,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the disk is full at any byte, a part of one record is left at most, and resuming completes it."""
    written = [record(1, "a\nb"), record(2), record(3, 'x"')]
    with opened(path, kind) as file:
        file.append(written)
    whole = path.read_bytes()
    path.unlink()
    for room in range(len(whole)):
        disk = Disk(monkeypatch, at_once=at_once, room=room)
        with pytest.raises(OSError, match="No space") as failure, opened(path, kind) as file:
            file.append(written)
        assert failure.value.errno == errno.ENOSPC
        assert path.read_bytes() == whole[:room]
        disk.room = len(whole) + 1
        with opened(path, kind) as file:
            file.append(written)
        assert path.read_bytes() == whole
        monkeypatch.undo()
        path.unlink()


@both_formats
def test_an_append_after_a_failed_one_mends_the_file(
    kind: Format,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once there is room again, the same open file goes on, without the half record in between."""
    with opened(path, kind) as file:
        empty = path.stat().st_size
        file.append([record(1)])
        one = path.stat().st_size - empty
        disk = Disk(monkeypatch, at_once=4, room=one + 5)
        with pytest.raises(OSError, match="No space"):
            file.append([record(2), record(3)])
        assert [key_of(record(number)) in file for number in (1, 2, 3)] == [True, True, False]
        assert path.stat().st_size == empty + 2 * one + 5
        disk.room = 10 * one
        assert file.append([record(2), record(3)]) == 1
    assert [one["id"] for one in read(path, kind)] == ["p1", "p2", "p3"]


@both_formats
def test_one_record_that_cannot_be_written_stops_all(kind: Format, path: Path) -> None:
    """A record without one of the columns is noticed before anything is written."""
    with opened(path, kind) as file:
        before = path.read_bytes()
        with pytest.raises(KeyError):
            file.append([record(1), {"id": "p2", "courseId": "c"}])
        assert len(file) == 0
        assert path.read_bytes() == before


def test_what_json_does_not_know_is_not_written(path: Path) -> None:
    """NaN, which no other JSON reader takes, is an error."""
    with opened(path, Format.JSONL) as file, pytest.raises(ValueError, match="JSON compliant"):
        file.append([{**record(1), "rate": float("nan")}])
    assert path.read_bytes() == b""


def test_a_broken_emoji_stops_nothing(path: Path) -> None:
    """Half a surrogate pair comes back from JSON Lines, and is its escape in CSV."""
    for kind, name in ((Format.JSONL, "A\ud83d"), (Format.CSV, "A\\ud83d")):
        with opened(path, kind) as file:
            file.append([record(1, "A\ud83d")])
        assert read(path, kind)[0]["name"] == name
        path.unlink()


def test_a_row_too_long_to_be_read_again_is_refused(path: Path) -> None:
    """What is written to CSV can be resumed: a longer record is refused, and JSON Lines takes it."""
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


JSON_1, JSON_2 = b'{"id":"p1","courseId":"c"}\n', b'{"id":"p2","courseId":"c"}\n'


@pytest.mark.parametrize(
    ("kind", "content", "line"),
    [
        pytest.param(Format.JSONL, JSON_1 + b'{"id":"secret\n' + JSON_2, 2, id="broken line"),
        pytest.param(Format.JSONL, JSON_1 + b'{"id":"secret\n{"id', 2, id="broken line before a part"),
        pytest.param(Format.JSONL, JSON_1 + b"\n" + JSON_2, 2, id="empty line"),
        pytest.param(Format.JSONL, b'"secret \xff"\n' + JSON_2, 1, id="not UTF-8"),
        pytest.param(Format.JSONL, b"[" * 100_000 + b"\n" + JSON_2, 1, id="too deep"),
        pytest.param(Format.JSONL, JSON_1 + b'["id","courseId","secret"]\n', 2, id="no object"),
        pytest.param(Format.JSONL, JSON_1 + b"null\n" + JSON_2, 2, id="null"),
        pytest.param(Format.JSONL, JSON_1 + b'{"id":"secret"}\n', 2, id="no key"),
        pytest.param(Format.JSONL, JSON_1 + b"secret\n", 2, id="last line never a record"),
        pytest.param(Format.JSONL, b"secret", 1, id="another file"),
        pytest.param(Format.CSV, b"secret", 1, id="no header"),
        pytest.param(Format.CSV, b"id,courseId,name,secret\np1,c,Ann,1\n", 1, id="another header"),
        pytest.param(Format.CSV, b"id,courseId,name,rate,secret\n", 1, id="more columns"),
        pytest.param(Format.CSV, HEADER + b"p1,c,secret\np2,c,Ann,1\n", 2, id="short row"),
        pytest.param(Format.CSV, HEADER + b"p1,c,secret,1,2\np2,c,Ann,1\n", 2, id="long row"),
        pytest.param(Format.CSV, HEADER + b"p1,c,Ann,1\n\np2,c,Ann,1\n", 3, id="empty row"),
        pytest.param(Format.CSV, HEADER + b'p1,c,"\nsecret"x,1\np2,c,Ann,1\n', 3, id="text after quotes"),
        pytest.param(Format.CSV, HEADER + b"p1,c,secret\rx,1\np2,c,Ann,1\n", 2, id="bare return"),
        pytest.param(Format.CSV, HEADER + b"p1,c,secret\xff,1\np2,c,Ann,1\n", 2, id="not UTF-8"),
        pytest.param(
            Format.CSV, HEADER + b'p1,c,secret,1\np2,c,"An\np3,c,"x,1\n\n', 4, id="a part before others"
        ),
    ],
)
def test_what_no_interruption_leaves_is_refused(
    kind: Format,
    content: bytes,
    line: int,
    path: Path,
) -> None:
    """A file that this module cannot have left so is not touched; file and line are named, no content is."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"/records: line {line} is not") as refusal, opened(path, kind):
        pass
    assert path.read_bytes() == content
    assert "secret" not in str(refusal.value)
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("kind", "content", "kept"),
    [
        pytest.param(Format.JSONL, b"", b"", id="nothing"),
        pytest.param(Format.JSONL, b"{", b"", id="first record"),
        pytest.param(Format.JSONL, JSON_1 + JSON_2[:-1], JSON_1, id="line break missing"),
        pytest.param(Format.JSONL, JSON_1 + b'{"id":"p2\0\0\n', JSON_1, id="broken last line"),
        pytest.param(Format.JSONL, JSON_1 + b'{"id":"\xc3', JSON_1, id="half a character"),
        pytest.param(Format.CSV, b"", HEADER, id="no header"),
        pytest.param(Format.CSV, HEADER[:-1], HEADER, id="part of the header"),
        pytest.param(
            Format.CSV, HEADER + b"p1,c,Ann,1\np2,c\n", HEADER + b"p1,c,Ann,1\n", id="short last row"
        ),
        pytest.param(Format.CSV, HEADER + b'p1,c,"A\nB\n', HEADER, id="open quotes"),
        pytest.param(Format.CSV, HEADER + b"p1,c,\xff,1\n", HEADER, id="not UTF-8"),
    ],
)
def test_a_part_at_the_end_is_cut_off(
    kind: Format,
    content: bytes,
    kept: bytes,
    path: Path,
) -> None:
    """Opening alone leaves whole records only, behind a whole header."""
    path.write_bytes(content)
    with opened(path, kind):
        assert path.read_bytes() == kept


@both_formats
def test_two_do_not_write_at_once(kind: Format, path: Path) -> None:
    """A file that is open for writing is refused to others until it is closed, and not harmed by them."""
    with opened(path, kind) as file:
        file.append([record(1)])
        with pytest.raises(UsageError, match="written by another process"), opened(path, kind):
            pass
        assert file.append([record(2)]) == 1
    with opened(path, kind) as file:
        assert len(file) == 2


def test_a_refused_file_is_released(path: Path) -> None:
    """Once a refused file has been mended, the same process can open it."""
    path.write_bytes(b"what is this")
    with pytest.raises(UsageError) as refusal, opened(path, Format.JSONL):
        pass
    path.write_bytes(b"")
    with opened(path, Format.JSONL) as file:
        assert file.append([record(1)]) == 1
    # The traceback keeps the refused object alive: it is not its end that released the file.
    assert refusal.match("line 1")


def test_systems_without_locks_can_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no fcntl, files are written all the same."""
    monkeypatch.setattr(resumable_file, "_fcntl", None)
    with opened(path, Format.CSV) as file:
        assert file.append([record(1)]) == 1
    assert len(read(path, Format.CSV)) == 1


def test_the_file_is_on_the_disk_when_it_is_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing flushes to the disk what was written, and a disk that fails then is not kept quiet."""
    synced: list[int] = []

    def fsync(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="the disk is broken"), opened(path, Format.JSONL) as file:
        file.append([record(1)])
    assert synced == [path.stat().st_size]
    with pytest.raises(ValueError, match="closed"):
        file.append([record(2)])

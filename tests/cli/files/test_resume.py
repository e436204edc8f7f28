"""How a file of records is resumed, and which files are refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import UsageError
from meltingspot_async._cli.files.record_file import Format

from ...support.record_files import HEADER, both_formats, key_of, opened, record, record_lists, temporary_path

JSON_1, JSON_2 = b'{"id":"p1","courseId":"c"}\n', b'{"id":"p2","courseId":"c"}\n'


@both_formats
@given(written=record_lists, data=st.data())
def test_resume_after_a_cut_restores_the_file(
    kind: Format,
    written: list[dict[str, object]],
    data: st.DataObject,
) -> None:
    """A file that is cut at any byte and resumed ends up as if it had never been cut."""
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
def test_resume_keeps_every_complete_record(kind: Format, path: Path) -> None:
    """Wherever the file is cut, every complete record is kept, with line breaks in its values or without."""
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
def test_resume_cuts_off_an_incomplete_end(
    kind: Format,
    content: bytes,
    kept: bytes,
    path: Path,
) -> None:
    """Opening a file leaves only complete records, after a complete header."""
    path.write_bytes(content)
    with opened(path, kind):
        assert path.read_bytes() == kept


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
def test_resume_refuses_what_no_interruption_leaves(
    kind: Format,
    content: bytes,
    line: int,
    path: Path,
) -> None:
    """A file that an export cannot have left like this is not touched. The error quotes nothing of it."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"/records: line {line} is not") as refusal, opened(path, kind):
        pass
    assert path.read_bytes() == content
    assert "secret" not in str(refusal.value)
    assert refusal.value.__context__ is None


@both_formats
def test_existing_file_is_not_overwritten(kind: Format, path: Path) -> None:
    """Without resume, an existing file is an error and stays as it is."""
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError), opened(path, kind, resume=False):
        pass
    assert path.read_bytes() == b"precious"


def _link_to_a_device(path: Path) -> None:
    path.symlink_to(os.devnull)


@both_formats
@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("made", [os.mkfifo, os.mkdir, _link_to_a_device])
def test_what_is_not_a_file_is_refused(
    kind: Format, resume: bool, made: Callable[[Path], None], path: Path
) -> None:
    """A pipe, a folder or a device cannot be resumed, and is refused before anything is written to it."""
    made(path)
    with pytest.raises(UsageError, match="is not a regular file"), opened(path, kind, resume=resume):
        pass

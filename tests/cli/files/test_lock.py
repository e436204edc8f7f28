"""Only one process writes a file of records at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltingspot_async import UsageError
from meltingspot_async._cli.files import resumable_file
from meltingspot_async._cli.files.record_file import Format

from ...support.record_files import both_formats, opened, read, record


@both_formats
def test_file_in_use_is_refused(kind: Format, path: Path) -> None:
    """A file that is open for writing is refused to others until it is closed, and takes no harm from them."""
    with opened(path, kind) as file:
        file.append([record(1)])
        with pytest.raises(UsageError, match="written by another process"), opened(path, kind):
            pass
        assert file.append([record(2)]) == 1
    with opened(path, kind) as file:
        assert len(file) == 2


def test_refused_file_is_released(path: Path) -> None:
    """Once a refused file has been corrected, the same process can open it."""
    path.write_bytes(b"what is this")
    with pytest.raises(UsageError) as refusal, opened(path, Format.JSONL):
        pass
    path.write_bytes(b"")
    with opened(path, Format.JSONL) as file:
        assert file.append([record(1)]) == 1
    # The traceback keeps the refused object alive: it is not its end that released the file.
    assert refusal.match("line 1")


def test_file_is_written_where_there_are_no_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems without fcntl, files are written all the same."""
    monkeypatch.setattr(resumable_file, "_fcntl", None)
    with opened(path, Format.CSV) as file:
        assert file.append([record(1)]) == 1
    assert len(read(path, Format.CSV)) == 1

"""Only one process writes a file of records at a time."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from meltingspot_async import UsageError
from meltingspot_async._cli.exporting import written
from meltingspot_async._cli.files import resumable_file
from meltingspot_async._cli.files.activity_file import ActivityFile
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


class NoLocks:
    """A file system without locks."""

    LOCK_EX = LOCK_NB = 0

    def flock(self, file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")


@pytest.mark.parametrize("fcntl", [None, NoLocks()])
def test_export_says_where_there_are_no_locks(
    fcntl: NoLocks | None, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On systems and disks without locks, files are written all the same, and the command says so."""
    monkeypatch.setattr(resumable_file, "_fcntl", fcntl)
    with written(opened(path, Format.CSV), "records") as file:
        assert file.append([record(1)]) == 1
    assert len(read(path, Format.CSV)) == 1
    assert "cannot be locked here" in capsys.readouterr().err


@both_formats
@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_new_file_is_its_owners_alone(kind: Format, resume: bool, path: Path) -> None:
    """Nobody else can read a new file, from its first byte on."""
    with opened(path, kind, resume=resume):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_new_file_of_activities_is_its_owners_alone(resume: bool, path: Path) -> None:
    """Nobody else can read what members did, from the first byte of a new file on."""
    with ActivityFile(path, resume=resume):
        assert path.stat().st_mode & 0o777 == 0o600

"""A file of records on a disk that is full or broken."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from meltingspot_async._cli.files.activity_file import ActivityFile
from meltingspot_async._cli.files.record_file import Format
from meltingspot_async.testing import make_activity

from ...support.record_files import Disk, both_formats, key_of, opened, read, record


@both_formats
@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_full_disk_costs_no_written_record(
    kind: Format,
    at_once: int,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the disk is full at any byte, at most a part of one record is left, and resuming completes the file."""
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
def test_append_after_a_failed_one_repairs_the_file(
    kind: Format,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once there is room again, the same open file is continued, without the incomplete record in between."""
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


def test_closing_flushes_to_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing flushes the file to the disk, and an error of the disk is raised."""
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


def test_closing_leaves_no_activity_for_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is told to keep a file of activities, all of them are in it."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with ActivityFile(path, resume=False) as file:
        file.append(make_activity(1))
    assert synced == [path.stat().st_size]
    assert synced[0] > 0

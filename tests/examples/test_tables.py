"""docs/examples/tables.py, run against the fake service."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from meltingspot_async.testing import FakeMeltingSpot

from ..support.examples import example


def test_participants_become_tables(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The participants of a course are in the Parquet file and in the database, once, also after a second run."""
    polars: Any = pytest.importorskip("polars")
    adapters: Any = sqlite3.adapters
    monkeypatch.setitem(adapters, (datetime, sqlite3.PrepareProtocol), datetime.isoformat)
    fake.seed("course-1", 25)
    tables = example("tables", monkeypatch)
    for _ in range(2):
        asyncio.run(tables.main("course-1", tmp_path))
    frame = polars.read_parquet(tmp_path / "participants.parquet")
    assert set(frame["id"]) == {f"participant-{number}" for number in range(25)}
    assert frame.schema["invited_at"] == polars.Datetime("us", "UTC")
    with closing(sqlite3.connect(tmp_path / "participants.db")) as base:
        (found,) = base.execute("SELECT count(*), max(invited_at) FROM participants").fetchall()
    assert found == (25, max(frame["invited_at"]).isoformat())

"""docs/examples/tables.py and fastapi_models.py, run against the fake service."""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meltingspot_async import to_dict
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def example(name: str) -> ModuleType:
    """An example, imported."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_participants_become_tables(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The participants of a course are in the Parquet file and in the database, once, also after a second run."""
    polars: Any = pytest.importorskip("polars")
    adapters: Any = sqlite3.adapters
    monkeypatch.setitem(adapters, (datetime, sqlite3.PrepareProtocol), datetime.isoformat)
    fake.seed("course-1", 25)
    tables: Any = example("tables")
    for _ in range(2):
        asyncio.run(tables.main("course-1", tmp_path))
    frame = polars.read_parquet(tmp_path / "participants.parquet")
    assert set(frame["id"]) == {f"participant-{number}" for number in range(25)}
    assert frame.schema["invited_at"] == polars.Datetime("us", "UTC")
    with closing(sqlite3.connect(tmp_path / "participants.db")) as base:
        (found,) = base.execute("SELECT count(*), max(invited_at) FROM participants").fetchall()
    assert found == (25, max(frame["invited_at"]).isoformat())


def test_application_gives_participants(fake: FakeMeltingSpot) -> None:
    """The FastAPI application lists participants in the service's spelling, and hides what is personal."""
    httpx: Any = pytest.importorskip("httpx")
    pytest.importorskip("fastapi")
    fake.seed("course-1", 5)
    app: Any = example("fastapi_models").app

    async def ask(*paths: str) -> list[Any]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://app") as client,
        ):
            return [(await client.get(path)).json() for path in paths]

    everybody, one, document = asyncio.run(
        ask(
            "/courses/course-1/participants?status=Completed",
            "/public/participants/course-1/participant-2",
            "/openapi.json",
        )
    )
    assert everybody == [to_dict(make_course_participant(2))]
    assert one == {"id": "participant-2", "status": "Completed"}
    assert {"CourseParticipant", "ParticipantStatus"} <= set(document["components"]["schemas"])

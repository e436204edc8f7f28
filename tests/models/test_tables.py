"""Rows of models in what people keep tables in, each of them the real one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from meltingspot_async import CourseParticipant, CustomPropertyValue, from_dict, to_dict, to_row
from meltingspot_async.testing import make_course_participant

from ..contract.contract import SCHEMAS, model_of

Rows = Sequence[dict[str, Any]]

ODD = {
    "spotMemberFirstname": "Zo\ud83d",
    "status": "Paused",
    "startedAt": "0001-01-01T00:00:00+02:00",
    "completedAt": "9999-12-31T23:59:59-05:00",
}


@pytest.fixture(scope="module")
def participants() -> Rows:
    """10,000 rows: the first 200 have neither names nor dates, the last one has odd ones."""
    first = to_dict(make_course_participant(2))
    absent = dict.fromkeys(("spotMemberFirstname", "spotMemberLastname", "invitedAt", "startedAt"))
    documents = [first | absent] * 200 + [first] * 9_799 + [first | ODD]
    return [
        to_row(from_dict(CourseParticipant, document | {"id": f"p-{number}"}))
        for number, document in enumerate(documents)
    ]


def other_rows() -> dict[str, Rows]:
    """Rows of all models that have documented fields, by the name of the model."""
    rows = {
        name: [to_row(from_dict(model_of(name), example)) for example in schema["examples"]]
        for name, schema in SCHEMAS.items()
    }
    values: list[object] = [None, 1, 0.5, True, "a", ["a", "b"]]
    rows["CustomPropertyValue"] = [to_row(from_dict(CustomPropertyValue, {"value": v})) for v in values]
    return {name: found for name, found in rows.items() if found[0]}


def test_pandas_takes_participants(participants: Rows) -> None:
    """With pandas, there is one column of datetimes in UTC of each datetime, and rows of all models become a frame."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(participants)
    assert len(frame) == 10_000
    assert list(frame.columns) == list(participants[0])
    assert str(frame["last_activity_at"].dtype).endswith("UTC]")
    assert frame["completion_rate"].dtype.kind == "i"
    assert frame["status"].value_counts()["Paused"] == 1
    for name, rows in other_rows().items():
        assert len(pandas.DataFrame(rows)) == len(rows), name


def test_polars_takes_participants(participants: Rows) -> None:
    """Polars makes columns of exact types, also where the first 200 values are absent."""
    polars = pytest.importorskip("polars")
    frame = polars.from_dicts(participants, infer_schema_length=None)
    assert frame.shape == (10_000, len(participants[0]))
    assert frame.schema["started_at"] == polars.Datetime("us", "UTC")
    assert frame["spot_member_firstname"][-1] == "Zo\ufffd"
    for name, rows in other_rows().items():
        assert len(polars.from_dicts(rows, infer_schema_length=None)) == len(rows), name


def test_pyarrow_takes_participants(participants: Rows) -> None:
    """Tables of pyarrow have columns of exact types, and give back the rows that it was given."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pylist(participants)
    assert table.schema.field("started_at").type == pyarrow.timestamp("us", "UTC")
    assert table.schema.field("completion_rate").type == pyarrow.int64()
    assert table.slice(9_000).to_pylist()[-1] == participants[-1]
    for name, rows in other_rows().items():
        assert len(pyarrow.Table.from_pylist(rows)) == len(rows), name


def test_sqlite_takes_participants(participants: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """sqlite3 takes the rows by name, with datetimes as ISO 8601, which sort like the moments that they are."""
    adapters: Any = sqlite3.adapters
    monkeypatch.setitem(adapters, (datetime, sqlite3.PrepareProtocol), datetime.isoformat)
    with sqlite3.connect(":memory:") as base:
        for name, rows in {"participants": participants, **other_rows()}.items():
            columns = list(rows[0])
            quoted = ", ".join(f'"{column}"' for column in columns)
            base.execute(f'CREATE TABLE "{name}" ({quoted})')
            named = ", ".join(f":{column}" for column in columns)
            base.executemany(f'INSERT INTO "{name}" VALUES ({named})', rows)
        found = base.execute("SELECT id, completed_at FROM participants ORDER BY completed_at DESC LIMIT 1")
        assert found.fetchall() == [("p-9999", "9999-12-31T23:59:59+00:00")]
        assert base.execute("SELECT count(*) FROM participants").fetchone() == (10_000,)
        values = base.execute("SELECT value FROM CustomPropertyValue").fetchall()
        assert [value for (value,) in values] == [None, "1", "0.5", "true", "a", '["a","b"]']
    base.close()


def test_sqlalchemy_takes_participants(participants: Rows) -> None:
    """SQLAlchemy inserts the rows into a table of typed columns."""
    sql = pytest.importorskip("sqlalchemy")
    kinds = {str: sql.String(), int: sql.Integer(), datetime: sql.DateTime(timezone=True)}
    columns = [
        sql.Column(name, kinds[type(value)]) for name, value in participants[-1].items() if value is not None
    ]
    table = sql.Table("participants", sql.MetaData(), *columns)
    engine = sql.create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{c.name: row[c.name] for c in columns} for row in participants])
        started = connection.scalar(sql.select(sql.func.max(table.c.last_activity_at)))
        count = connection.scalar(sql.select(sql.func.count()).select_from(table))
    engine.dispose()
    assert count == 10_000
    assert started.replace(tzinfo=UTC) == max(row["last_activity_at"] for row in participants)

"""The participants of a course as a Parquet file by Polars, and a table of SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import polars as pl

from meltingspot_async import MeltingSpotClient, to_row

# As text that sorts like the moments, all in UTC.
sqlite3.register_adapter(datetime, datetime.isoformat)


async def main(course_id: str, folder: Path) -> None:
    """Write ``participants.parquet`` and ``participants.db`` into a folder."""
    async with MeltingSpotClient.from_env() as client:
        rows = [to_row(p) async for p in client.course_participants.list(course_id)]

    frame = pl.from_dicts(rows, infer_schema_length=None)
    frame.write_parquet(folder / "participants.parquet")

    columns = list(rows[0])
    with closing(sqlite3.connect(folder / "participants.db")) as base, base:
        named = ", ".join(columns)
        base.execute(
            f"CREATE TABLE IF NOT EXISTS participants ({named}, PRIMARY KEY (id))"
        )
        values = ", ".join(f":{column}" for column in columns)
        insert = f"INSERT OR REPLACE INTO participants VALUES ({values})"  # noqa: S608
        base.executemany(insert, rows)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

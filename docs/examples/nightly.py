"""Participants of some courses, every night, into SQLite and Parquet: ``python
nightly.py FOLDER COURSE_ID...``

However it is interrupted, run again it goes on with the courses that it had not
finished; what was read in the last 20 hours counts as this night's.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import polars as pl
from rich.console import Console
from rich.progress import Progress

from meltingspot_async import (
    AuthenticationError,
    CourseParticipant,
    MeltingSpotClient,
    MeltingSpotError,
    QuotaExhaustedError,
    to_row,
)

COLUMNS = [
    field.name for field in attrs.fields(CourseParticipant) if field.name != "extra"
]
TYPES = dict.fromkeys(COLUMNS, pl.String()) | {"completion_rate": pl.Int64()}
DATES = [column for column in COLUMNS if column.endswith("_at")]
SCHEMA = f"""
    CREATE TABLE IF NOT EXISTS participants (
        {", ".join(COLUMNS)}, PRIMARY KEY (course_id, id)
    );
    CREATE TABLE IF NOT EXISTS courses (id PRIMARY KEY, finished_at)
"""
VALUES = ", ".join(f":{column}" for column in COLUMNS)
INSERT = f"INSERT OR REPLACE INTO participants VALUES ({VALUES})"  # noqa: S608 - ours


def text_of(moment: datetime) -> str:
    """A moment in UTC as a text that sorts like it."""
    return moment.isoformat(timespec="microseconds")


def record(participant: CourseParticipant) -> dict[str, object]:
    """A participant as SQLite takes it, which has no dates."""
    row = to_row(participant)
    return {
        name: text_of(value) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def left(base: sqlite3.Connection, course_ids: Sequence[str]) -> list[str]:
    """The courses that are not finished this night."""
    begin = text_of(datetime.now(UTC) - timedelta(hours=20))
    finished = {
        course
        for (course,) in base.execute(
            "SELECT id FROM courses WHERE finished_at > ?", [begin]
        )
    }
    return [course for course in course_ids if course not in finished]


async def read(
    client: MeltingSpotClient, base: sqlite3.Connection, course_id: str, bar: Progress
) -> None:
    """Put a course into the database: all of it, or nothing."""
    task = bar.add_task(course_id, total=None)
    with base:  # one transaction
        base.execute("DELETE FROM participants WHERE course_id = ?", [course_id])
        async for page in client.course_participants.list(course_id).pages():
            base.executemany(INSERT, map(record, page.items))
            bar.update(task, total=page.total, advance=len(page.items))
        base.execute(
            "INSERT OR REPLACE INTO courses VALUES (?, ?)",
            [course_id, text_of(datetime.now(UTC))],
        )


def write_parquet(base: sqlite3.Connection, file: Path) -> None:
    """Write the whole table, and only then put it in the place of yesterday's."""
    frame = pl.read_database("SELECT * FROM participants", base, schema_overrides=TYPES)
    frame = frame.with_columns(
        pl.col(DATES).str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f%z", time_unit="us")
    )
    part = file.with_suffix(".part")
    frame.write_parquet(part)
    part.replace(file)


async def main(folder: Path, course_ids: Sequence[str]) -> int:
    """Read what is left of this night; returns how many courses failed."""
    console = Console(stderr=True)
    failed = 0
    async with MeltingSpotClient.from_env() as client:
        with (
            closing(sqlite3.connect(folder / "participants.db")) as base,
            Progress(console=console) as bar,
        ):
            base.executescript(SCHEMA)
            for course_id in left(base, course_ids):
                try:
                    await read(client, base, course_id, bar)
                except (AuthenticationError, QuotaExhaustedError):
                    raise  # no other course would fare better
                except MeltingSpotError as error:
                    console.print(f"{course_id}: {error}")
                    failed += 1
            write_parquet(base, folder / "participants.parquet")
    return failed


if __name__ == "__main__":
    os.umask(0o077)  # names and emails are nobody else's
    try:
        sys.exit(min(asyncio.run(main(Path(sys.argv[1]), sys.argv[2:])), 1))
    except MeltingSpotError as error:
        sys.exit(f"{error} Then run this again.")

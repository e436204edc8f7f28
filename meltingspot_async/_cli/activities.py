"""``meltingspot activities``: what members did, in a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..models import Activity
from .exporting import Resume, export_client, written
from .files.activity_file import ActivityFile
from .options import Types, moment, require_folder
from .progress import ExportProgress
from .running import run

app = typer.Typer(no_args_is_help=True, help="What members did, in a file.")

OTHER_FORMATS = {".csv", ".tsv", ".xlsx", ".parquet", ".db", ".sqlite"}
"""Endings of files that would not hold what they promise."""

PROGRESS_INTERVAL = 100
"""Activities between two updates of the progress."""


@app.command("export")
def export_activities(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write, as JSON Lines.")],
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="Begin with the activities of this time, such as 2026-01-31 or 2026-01-31T09:30+01:00. "
            "UTC, unless it says otherwise.",
        ),
    ] = None,
    from_event: Annotated[
        str | None, typer.Option(metavar="ID", help="Begin after the event with this id.")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="End with the activities of this time, likewise."),
    ] = None,
    types: Types = None,
    id_field: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The field that is the id of an activity, if it has no common name."
        ),
    ] = None,
    resume: Resume = False,
) -> None:
    """Write what members did to a file, one JSON object per line.

    If the export ends early, run it again with --resume: it continues after the last activity in the file.
    Nothing is lost, and nothing is written twice.
    """
    if (begin is None) == (from_event is None):
        raise UsageError("Say where to begin: either --from or --from-event.")
    from_date, to_date = moment("--from", begin), moment("--to", end)
    now = datetime.now(UTC)
    if from_date is not None and from_date > now:
        raise UsageError(f"--from is in the future: it is {now:%Y-%m-%d %H:%M} UTC. Choose an earlier time.")
    if from_date is not None and to_date is not None and from_date > to_date:
        raise UsageError("--from is later than --to. Exchange them.")
    if output.suffix.lower() in OTHER_FORMATS:
        raise UsageError(
            f"{output}: activities are written as JSON Lines. Choose a file that ends with .jsonl."
        )
    require_folder(output)

    async def export(file: ActivityFile) -> None:
        after = file.last_id or from_event
        async with export_client("activities") as (client, progress):
            activities = client.activities.export(
                from_date=from_date if after is None else None,
                from_event_id=after,
                to_date=to_date,
                event_types=types,
                id_field=id_field,
            )
            await _write(activities, file, progress)

    with written(ActivityFile(output, id_field=id_field, resume=resume), "activities") as file:
        run(export(file))


async def _write(
    activities: AsyncGenerator[Activity, None], file: ActivityFile, progress: ExportProgress
) -> None:
    async with aclosing(activities):
        async for activity in activities:
            file.append(activity)
            if len(file) % PROGRESS_INTERVAL == 0:
                progress.show(len(file))
    progress.show(len(file))

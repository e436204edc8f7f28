"""``meltingspot courses``: the courses of the Spot, and how one of them is doing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..client import MeltingSpotClient
from ..errors import UsageError
from .layout import ID, Column
from .options import CourseId, require_folder
from .report.counting import CourseReport
from .report.page import page_of
from .report.picture import picture_of
from .report.saving import replace
from .report.terminal import show_report
from .running import run
from .showing import AsJsonLines, PageSize, show_list, with_page_size

app = typer.Typer(no_args_is_help=True, help="Courses, and how each of them is doing.")

COLUMNS = (ID, Column("Title", "title", 12, rank=1), Column("Status", "status", 10))


@app.command("list")
def list_courses(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the courses of the Spot."""
    show_list(lambda client: client.courses.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("report")
def report_course(
    course_id: CourseId,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Save it as .html or .svg; replaces the file.",
        ),
    ] = None,
    page_size: PageSize = None,
) -> None:
    """Show how a course is doing: the funnel, the spread of completion, the activity of the last weeks.

    The report counts; no single person is in it.
    """
    if output is not None and output.suffix.lower() not in {".html", ".svg"}:
        raise UsageError(f"{output}: the report is saved as .html or .svg. Choose one of these endings.")
    if output is not None:
        require_folder(output)

    async def fetch() -> CourseReport:
        report = CourseReport(datetime.now(UTC))
        async with MeltingSpotClient.from_env() as client:
            participants = with_page_size(client, page_size).course_participants
            async for participant in participants.list(course_id):
                report.add(participant)
        return report

    report = run(fetch())
    if output is None:
        show_report(report, course_id, Console())
    else:
        draw = page_of if output.suffix.lower() == ".html" else picture_of
        replace(output, draw(report, course_id))

"""The ``meltingspot`` command (extra ``cli``).

It exits with 0, 1 for an error of the service or the machine, 2 for wrong usage, 3 when the allowance of the key is
used up, 130 when it was interrupted and 143 when it was terminated.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine, Generator
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedWriter, StringIO, TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar, cast

try:
    import typer
    from rich.console import Console
except ImportError:
    raise SystemExit("The command needs an extra: pip install 'meltingspot-async[cli]'") from None

from .client import DOCUMENTED_LIMITS, MeltingSpotClient
from .course_report import CourseReport
from .demo import run_demo
from .errors import MeltingSpotError, QuotaExhaustedError, UsageError
from .export import COLUMNS, KEY, ExportProgress, export_courses, export_ids
from .models import CourseParticipant
from .rate_limit import SlidingWindowLimiter
from .record_file import Format, RecordFile, format_of
from .structuring import unstructure
from .tables import participant_details, participants_table

T = TypeVar("T")

FAILED, MISUSED, QUOTA_EXHAUSTED, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143

# Tracebacks stay plain: a decorated one would show local variables, among them the key.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
participants = typer.Typer(no_args_is_help=True, help="Participants of courses.")
courses = typer.Typer(no_args_is_help=True, help="Courses.")
app.add_typer(participants, name="participants")
app.add_typer(courses, name="courses")

Status = Annotated[
    list[str] | None, typer.Option("--status", help="Keep participants with this status; may be repeated.")
]


@app.callback()
def root() -> None:
    """Read a MeltingSpot. The key is taken from MELTINGSPOT_API_KEY."""


@app.command()
def demo() -> None:
    """Fetch participants from a fake service on this machine: no key, no network, a few seconds."""
    _run(run_demo(Console()))


@participants.command("get")
def get_participant(
    course_id: str,
    participant_id: str,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, named as the service names it.")
    ] = False,
) -> None:
    """Show one participant of a course."""

    async def fetch() -> CourseParticipant:
        async with MeltingSpotClient.from_env() as client:
            return await client.course_participants.get(course_id, participant_id)

    participant = _run(fetch())
    if as_json:
        typer.echo(json.dumps(unstructure(participant), indent=2))
    else:
        Console().print(participant_details(participant))


@participants.command("list")
def list_participants(
    course_id: str,
    status: Status = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one participant a line.")] = False,
) -> None:
    """Show the participants of a course."""

    async def show() -> None:
        console, first = Console(), True
        async with MeltingSpotClient.from_env() as client:
            listing = client.course_participants.list(course_id, status=status)
            async with aclosing(listing.pages()) as pages:
                async for page in pages:
                    if as_json:
                        for participant in page.items:
                            typer.echo(json.dumps(unstructure(participant)))
                    else:
                        console.print(participants_table(page.items, header=first))
                    first = False

    _run(show())


@participants.command("export")
def export_participants(
    course_ids: Annotated[list[str], typer.Argument(metavar="COURSE_ID...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .jsonl or .csv.")],
    file_format: Annotated[
        Format | None, typer.Option("--format", help="Needed if the file's ending does not tell.")
    ] = None,
    status: Status = None,
    ids_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="File with ids of participants, one a line; of one course only."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a file that an earlier export began.")
    ] = False,
) -> None:
    """Write the participants of courses to a file, one record each.

    However it ends - interrupted, killed, allowance used up, disk full - run it again with --resume: nothing is
    lost and nothing is written twice.
    """
    form = file_format or format_of(output)
    if form is None:
        _fail("say --format jsonl or --format csv: the file's ending does not tell", MISUSED)
    if ids_file is not None and (len(course_ids) > 1 or status):
        _fail("--ids-file goes with one course and without --status", MISUSED)
    console = Console(stderr=True)
    limiter = SlidingWindowLimiter(DOCUMENTED_LIMITS)

    async def export(file: RecordFile) -> list[str]:
        with ExportProgress(console, limiter) as progress:
            async with MeltingSpotClient.from_env(limiter=limiter, on_event=progress.on_event) as client:
                if ids_file is not None:
                    return await export_ids(client, course_ids[0], ids_file, file, progress)
                await export_courses(client, course_ids, status, file, progress)
                return []

    with _writing(output, form, resume=resume) as file:
        unknown = _run(export(file))
    for participant_id in unknown:
        typer.echo(f"meltingspot: unknown to the service: {participant_id}", err=True)
    if unknown:
        raise typer.Exit(FAILED)


@courses.command("report")
def report_course(
    course_id: str,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to save the picture to: .html or .svg.")
    ] = None,
) -> None:
    """Show how a course is doing: its funnel, the spread of completion, the activity of the last weeks."""
    if output is not None and output.suffix.lower() not in {".html", ".svg"}:
        _fail("the report is saved as .html or .svg", MISUSED)

    async def fetch() -> CourseReport:
        report = CourseReport(datetime.now(UTC))
        async with MeltingSpotClient.from_env() as client:
            async for participant in client.course_participants.list(course_id):
                report.add(participant)
        return report

    report = _run(fetch())
    if output is None:
        report.show(course_id, Console())
        return
    canvas = Console(record=True, width=80, file=StringIO(), force_terminal=True)
    report.show(course_id, canvas)
    try:
        if output.suffix.lower() == ".svg":
            canvas.save_svg(str(output), title="meltingspot courses report")
        else:
            canvas.save_html(str(output))
    except OSError as error:
        _fail(f"{error.strerror}: {output}", FAILED)


@contextmanager
def _writing(output: Path, form: Format, *, resume: bool) -> Generator[RecordFile, None, None]:
    """A file of participants; what goes wrong with it is told in one line."""
    try:
        with RecordFile(output, form, COLUMNS, key=KEY, resume=resume) as file:
            try:
                yield file
            except typer.Exit:
                if len(file) or resume:
                    typer.echo(f"{len(file)} participants are in {output}; go on with --resume.", err=True)
                else:  # a first try that came to nothing, for want of a key perhaps, is not to be gone on with
                    output.unlink()
                raise
            typer.echo(f"{len(file)} participants are in {output}.", err=True)
    except FileExistsError:
        _fail(f"{output} exists: go on with it by --resume, or take another file", MISUSED)
    except UsageError as error:
        _fail(str(error), MISUSED)
    except OSError as error:
        _fail(f"{error.strerror}: {error.filename or output}. What is written is whole: use --resume", FAILED)


def _run(work: Coroutine[object, object, T]) -> T:
    try:
        return asyncio.run(_until_terminated(work))
    except UsageError as error:
        _fail(str(error), MISUSED)
    except QuotaExhaustedError as error:
        _fail(str(error), QUOTA_EXHAUSTED)
    except MeltingSpotError as error:
        _fail(str(error), FAILED)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except asyncio.CancelledError:
        _fail("terminated", TERMINATED)


async def _until_terminated(work: Coroutine[object, object, T]) -> T:
    """Let a SIGTERM cancel the work, so that it ends in good order."""
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows has no such signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _fail(why: str, code: int) -> NoReturn:
    typer.echo(f"meltingspot: {why}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """Entry point of the ``meltingspot`` command."""
    # Where the terminal's encoding has no bars or no such names, a mark is better than a traceback. JSON is ASCII.
    cast("TextIOWrapper[BufferedWriter]", sys.stdout).reconfigure(errors="replace")
    app(prog_name="meltingspot")

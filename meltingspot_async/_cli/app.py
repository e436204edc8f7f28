"""The ``meltingspot`` command (extra ``cli``).

It exits with 0, 1 for an error of the service or the machine, 2 for wrong usage, 3 when the allowance of the key is
used up, 130 when it was interrupted and 143 when it was terminated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Sized
from contextlib import AbstractContextManager, aclosing, contextmanager
from datetime import UTC, datetime
from io import BufferedWriter, StringIO, TextIOWrapper
from pathlib import Path
from typing import Annotated, TypeVar, cast

try:
    import typer
    from rich.console import Console
except ImportError:
    raise SystemExit("The command needs an extra: pip install 'meltingspot-async[cli]'") from None

import attrs

from .._environment import api_key_from_env, base_url_from_env, limiter_from_env, redis_url_from_env
from ..client import MeltingSpotClient
from ..errors import UsageError
from ..rate_limit import DOCUMENTED_LIMITS, SlidingWindowLimiter
from .course_report import CourseReport
from .demo import run_demo
from .doctor import Diagnosis, examine
from .doctor_report import report
from .exporting import COLUMNS, KEY, ExportProgress, export_activities, export_courses, export_ids
from .files.activity_file import ActivityFile
from .files.record_file import Format, RecordFile, format_of
from .nouns import Status, nouns
from .running import FAILED, MISUSED, AsJson, fail, run

F = TypeVar("F", bound=Sized)

Resume = Annotated[bool, typer.Option("--resume", help="Go on with a file that an earlier export began.")]

# Tracebacks stay plain: a decorated one would show local variables, among them the key.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
groups = nouns()
groups["activities"] = typer.Typer(no_args_is_help=True, help="What members did.")
for name, group in groups.items():
    app.add_typer(group, name=name)


@app.callback()
def root() -> None:
    """Read a MeltingSpot. The key is taken from MELTINGSPOT_API_KEY."""


@app.command()
def demo() -> None:
    """Fetch participants from a fake service on this machine: no key, no network, a few seconds."""
    run(run_demo(Console()))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Find out what the documentation leaves open about a key and its service, in at most 12 requests.

    It only reads. No name or email of anybody is in its report. Exits with 1 if the key is not accepted.
    """

    async def find_out() -> Diagnosis:
        api_key, base_url = api_key_from_env(), base_url_from_env()
        shared = limiter_from_env(api_key)
        if shared is None:
            return await examine(api_key, base_url, SlidingWindowLimiter(DOCUMENTED_LIMITS))
        async with aclosing(shared):
            return await examine(api_key, base_url, shared)

    found = run(find_out())
    typer.echo(json.dumps(attrs.asdict(found), indent=2) if as_json else "\n".join(report(found)))
    if found.accepted is None:
        raise typer.Exit(FAILED)


@groups["participants"].command("export")
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
    resume: Resume = False,
) -> None:
    """Write the participants of courses to a file, one record each.

    However it ends - interrupted, killed, allowance used up, disk full - run it again with --resume: nothing is
    lost and nothing is written twice.
    """
    form = file_format or format_of(output)
    if form is None:
        fail("say --format jsonl or --format csv: the file's ending does not tell", MISUSED)
    if ids_file is not None and (len(course_ids) > 1 or status):
        fail("--ids-file goes with one course and without --status", MISUSED)
    console = Console(stderr=True)
    limiter = _local_limiter()

    async def export(file: RecordFile) -> list[str]:
        with ExportProgress(console, limiter, "participants") as progress:
            async with MeltingSpotClient.from_env(limiter=limiter, on_event=progress.on_event) as client:
                if ids_file is not None:
                    return await export_ids(client, course_ids[0], ids_file, file, progress)
                await export_courses(client, course_ids, status, file, progress)
                return []

    record_file = RecordFile(output, form, COLUMNS, key=KEY, resume=resume)
    with _writing(record_file, output, "participants", resume=resume) as file:
        unknown = run(export(file))
    for participant_id in unknown:
        typer.echo(f"meltingspot: unknown to the service: {participant_id}", err=True)
    if unknown:
        raise typer.Exit(FAILED)


@groups["activities"].command("export")
def export_all_activities(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, as JSON Lines.")],
    begin: Annotated[
        datetime | None, typer.Option("--from", help="Begin with the activities of then (UTC).")
    ] = None,
    from_event: Annotated[str | None, typer.Option(help="Begin after the event of this id.")] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", help="End with the activities of then (UTC).")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Keep activities of this type; may be repeated.")
    ] = None,
    resume: Resume = False,
) -> None:
    """Write what members did to a file, one JSON object a line.

    However it ends, run it again with --resume: it goes on after the last activity in the file. Nothing is lost
    and nothing is written twice.
    """
    if (begin is None) == (from_event is None):
        fail("say --from or --from-event", MISUSED)
    limiter = _local_limiter()

    async def export(file: ActivityFile) -> None:
        after = file.last_id or from_event
        with ExportProgress(Console(stderr=True), limiter, "activities") as progress:
            async with MeltingSpotClient.from_env(limiter=limiter, on_event=progress.on_event) as client:
                activities = client.activities.export(
                    from_date=in_utc(begin) if after is None else None,
                    from_event_id=after,
                    to_date=in_utc(end),
                    event_types=types,
                )
                await export_activities(activities, file, progress)

    with _writing(ActivityFile(output, resume=resume), output, "activities", resume=resume) as file:
        run(export(file))


@groups["courses"].command("report")
def report_course(
    course_id: str,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to save the picture to: .html or .svg.")
    ] = None,
) -> None:
    """Show how a course is doing: its funnel, the spread of completion, the activity of the last weeks."""
    if output is not None and output.suffix.lower() not in {".html", ".svg"}:
        fail("the report is saved as .html or .svg", MISUSED)

    async def fetch() -> CourseReport:
        report = CourseReport(datetime.now(UTC))
        async with MeltingSpotClient.from_env() as client:
            async for participant in client.course_participants.list(course_id):
                report.add(participant)
        return report

    report = run(fetch())
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
        fail(f"{error.strerror}: {output}", FAILED)


def _local_limiter() -> SlidingWindowLimiter | None:
    """The limiter whose free slots can be shown; none if the limit is shared in Redis."""
    return SlidingWindowLimiter(DOCUMENTED_LIMITS) if redis_url_from_env() is None else None


def in_utc(moment: datetime | None) -> datetime | None:
    """A time of the command line, meant in UTC unless it says otherwise."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _writing(
    opened: AbstractContextManager[F], output: Path, noun: str, *, resume: bool
) -> Generator[F, None, None]:
    """A file of an export; what goes wrong with it is told in one line."""
    try:
        with opened as file:
            try:
                yield file
            except typer.Exit:
                if len(file) or resume:
                    typer.echo(f"{len(file)} {noun} are in {output}; go on with --resume.", err=True)
                else:  # a first try that came to nothing, for want of a key perhaps, is not to be gone on with
                    output.unlink()
                raise
            typer.echo(f"{len(file)} {noun} are in {output}.", err=True)
    except FileExistsError:
        fail(f"{output} exists: go on with it by --resume, or take another file", MISUSED)
    except UsageError as error:
        fail(str(error), MISUSED)
    except OSError as error:
        fail(f"{error.strerror}: {error.filename or output}. What is written is whole: use --resume", FAILED)


def main() -> None:
    """Entry point of the ``meltingspot`` command."""
    # Where the terminal's encoding has no bars or no such names, a mark is better than a traceback. JSON is ASCII.
    cast("TextIOWrapper[BufferedWriter]", sys.stdout).reconfigure(errors="replace")
    app(prog_name="meltingspot")

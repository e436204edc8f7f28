"""``meltingspot participants``: the participants of courses, on the terminal or in a file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import attrs
import typer

from ..client import MeltingSpotClient
from ..errors import InvalidResponseError, NotFoundError, UsageError
from ..models import CourseParticipant, to_dict
from ..models._names import field_names
from .exporting import Resume, export_client, written
from .files.ids_file import read_ids
from .files.record_file import Format, RecordFile, format_of
from .layout import Column
from .options import CourseId, Status, require_folder
from .progress import ExportProgress
from .running import ExitCode, run, say
from .showing import AsJson, AsJsonLines, PageSize, show_item, show_list
from .tables import bar, plain

app = typer.Typer(no_args_is_help=True, help="Participants of courses, on the screen or in a file.")

FILE_COLUMNS = field_names(CourseParticipant)
FILE_KEY = ("courseId", "id")


def full_name(participant: CourseParticipant) -> str:
    """The first and the last name, as far as they are known."""
    names = (participant.spot_member_firstname, participant.spot_member_lastname)
    return " ".join(name for name in names if name)


def completion(participant: CourseParticipant) -> str:
    """The completion rate as a bar."""
    return bar(participant.completion_rate / 100, 8)


COLUMNS = (
    Column("Participant", "id", 36),
    Column("Name", full_name, 14, rank=1, cut=True),
    Column("Status", "status", 10),
    Column("Rate", "completion_rate", 4),
    Column("", completion, 8, rank=2),
)


@app.command("list")
def list_participants(
    course_id: CourseId, status: Status = None, page_size: PageSize = None, as_json: AsJsonLines = False
) -> None:
    """Show the participants of a course."""
    show_list(
        lambda client: client.course_participants.list(course_id, status=status),
        COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )


@app.command("get")
def get_participant(
    course_id: CourseId,
    participant_id: Annotated[str, typer.Argument(metavar="PARTICIPANT_ID", help="Its id in the course.")],
    as_json: AsJson = False,
) -> None:
    """Show one participant of a course."""
    show_item(lambda client: client.course_participants.get(course_id, participant_id), as_json=as_json)


@app.command("export")
def export_participants(
    course_ids: Annotated[list[str], typer.Argument(metavar="COURSE_ID...", help="Ids of the courses.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write: .jsonl, .ndjson or .csv.")
    ],
    file_format: Annotated[
        Format | None, typer.Option("--format", help="Needed for a file with another ending.")
    ] = None,
    status: Status = None,
    ids_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file with ids of participants of one course, one id per line.",
        ),
    ] = None,
    page_size: PageSize = None,
    resume: Resume = False,
) -> None:
    """Write the participants of courses to a file, one record each.

    If the export ends early (interrupted, killed, allowance used up, disk full), run it again with --resume.
    Nothing is lost, and nothing is written twice.
    """
    form = file_format or format_of(output)
    if form is None:
        raise UsageError(
            f"{output}: participants are written as JSON Lines (.jsonl, .ndjson) or CSV (.csv). "
            "Choose such an ending, or add --format jsonl or --format csv."
        )
    require_folder(output)
    if ids_file is not None and (len(course_ids) > 1 or status):
        raise UsageError("--ids-file goes with one course, and without --status.")

    async def export(file: RecordFile) -> LeftOut:
        async with export_client("participants", page_size) as (client, progress):
            if ids_file is not None:
                return await _export_ids(client, course_ids[0], ids_file, file, progress)
            return await _export_courses(client, course_ids, status, file, progress)

    with written(RecordFile(output, form, FILE_COLUMNS, key=FILE_KEY, resume=resume), "participants") as file:
        left_out = run(export(file))
    for participant_id in left_out.unknown:
        say(f"unknown to the service: {plain(participant_id)}")
    if left_out.invalid:
        say(
            f"not in the file, because they are not as documented: {left_out.invalid}. "
            f"The first: {left_out.first_problem}"
        )
    if left_out.unknown or left_out.invalid:
        raise typer.Exit(ExitCode.FAILED)


@attrs.define
class LeftOut:
    """What an export could not write."""

    unknown: list[str] = attrs.field(factory=list[str])
    """Ids that the service does not know."""
    invalid: int = 0
    """Participants that are not as documented."""
    first_problem: str = ""
    """What is wrong with the first of them."""

    def add_invalid(self, problem: object) -> None:
        """Count a participant that is not as documented."""
        self.invalid += 1
        self.first_problem = self.first_problem or str(problem)


async def _export_courses(
    client: MeltingSpotClient,
    course_ids: Iterable[str],
    status: Iterable[str] | None,
    file: RecordFile,
    progress: ExportProgress,
) -> LeftOut:
    """Write all participants of these courses to the file, those of a course together."""
    courses = client.course_participants.list_many(
        course_ids, status=status, on_invalid="skip", in_order=True
    )
    totals: dict[str, int] = {}
    left_out = LeftOut()
    async with aclosing(courses.pages()) as pages:
        async for course in pages:
            file.append(to_dict(participant) for participant in course.page.items)
            for item in course.page.invalid:
                left_out.add_invalid(item)
            totals[course.id] = course.page.total
            progress.show(len(file), max(len(file), sum(totals.values())))
    return left_out


async def _export_ids(
    client: MeltingSpotClient, course_id: str, ids_file: Path, file: RecordFile, progress: ExportProgress
) -> LeftOut:
    """Write the participants whose ids are in a file to the file. The ids are planned as a whole."""
    left_out, ids = LeftOut(), list(read_ids(ids_file))
    wanted = [item for item in ids if (course_id, item) not in file]
    async with aclosing(client.course_participants.get_many(course_id, wanted)) as results:
        async for result in results:
            if isinstance(result.error, NotFoundError):
                left_out.unknown.append(result.id)
            elif isinstance(result.error, InvalidResponseError):
                left_out.add_invalid(result.error)
            elif result.error is not None:
                raise result.error
            else:
                assert result.value is not None
                file.append([to_dict(result.value)])
                progress.show(len(file), max(len(ids), len(file)))
    return left_out

"""The exports of the command: from the service to a file, in sight of somebody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..client import MeltingSpotClient
from ..errors import NotFoundError, UsageError
from ..events import AttemptStarted, Event
from ..models import Activity, CourseParticipant, to_dict
from ..models._model import field_names
from ..rate_limit import DAY, SlidingWindowLimiter
from .files.activity_file import ActivityFile
from .files.record_file import RecordFile

COLUMNS = field_names(CourseParticipant)
KEY = ("courseId", "id")

SHOWN_EVERY = 100
"""Activities between two looks at the progress."""

LINES_EVERY = 5.0
"""Seconds between lines of progress where there is no terminal."""


class ExportProgress:
    """Tells how far an export is: a bar on a terminal, plain lines elsewhere, always on stderr.

    :param limiter: whose free slots are shown; ``None`` if nobody here knows them, as they are shared in Redis.
    :param noun: what is exported, in the plural.
    """

    def __init__(self, console: Console, limiter: SlidingWindowLimiter | None, noun: str) -> None:
        self._console = console
        self._noun = noun
        self._limiter = limiter
        self._requests = 0
        self._next_line = float("-inf")
        self._bar = Progress(
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def on_event(self, event: Event) -> None:
        """Count the requests of the client it is given to."""
        self._requests += isinstance(event, AttemptStarted)

    def show(self, done: int, total: int | None = None) -> None:
        """Tell how many are in the file, and of how many, if that is known."""
        self._bar.update(self._task, completed=done, total=total, description=self._state())
        now = asyncio.get_running_loop().time()
        if not self._console.is_terminal and now >= self._next_line:
            self._next_line = now + LINES_EVERY
            of = "" if total is None else f" of {total}"
            self._console.print(f"{done}{of} {self._noun}, {self._state()}", soft_wrap=True)

    def _state(self) -> str:
        if self._limiter is None:
            return f"{self._requests} requests"
        left = {
            "today" if limit.per >= DAY else f"in {limit.per:g} s": free
            for limit, free in self._limiter.free().items()
        }
        shown = ", ".join(f"{free} {when}" for when, free in left.items())
        return f"{self._requests} requests (left: {shown})"

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


async def export_courses(
    client: MeltingSpotClient,
    course_ids: Iterable[str],
    status: Iterable[str] | None,
    file: RecordFile,
    progress: ExportProgress,
) -> None:
    """Have all participants of these courses in the file."""
    expected = 0
    for course_id in course_ids:
        listing = client.course_participants.list(course_id, status=status)
        total = 0
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                file.append(to_dict(participant) for participant in page.items)
                total = page.total
                progress.show(len(file), max(len(file), expected + total))
        expected += total


async def export_ids(
    client: MeltingSpotClient, course_id: str, ids_file: Path, file: RecordFile, progress: ExportProgress
) -> list[str]:
    """Have the participants of the ids of a file in the file; gives the ids the service does not know."""
    unknown: list[str] = []
    total = sum(1 for _ in read_ids(ids_file))
    wanted = (item for item in read_ids(ids_file) if (course_id, item) not in file)
    async with aclosing(client.course_participants.get_many(course_id, wanted)) as results:
        async for result in results:
            if isinstance(result.error, NotFoundError):
                unknown.append(result.id)
            elif result.error is not None:
                raise result.error
            else:
                assert result.value is not None
                file.append([to_dict(result.value)])
                progress.show(len(file), max(total, len(file)))
    return unknown


async def export_activities(
    activities: AsyncGenerator[Activity, None], file: ActivityFile, progress: ExportProgress
) -> None:
    """Have these activities in the file."""
    async with aclosing(activities):
        async for activity in activities:
            file.append(activity)
            if len(file) % SHOWN_EVERY == 0:
                progress.show(len(file))
    progress.show(len(file))


def read_ids(path: Path) -> Iterator[str]:
    """The ids of a file, one a line, without blank lines.

    :raises UsageError: if the file is not UTF-8.
    """
    with path.open(encoding="utf-8") as lines:
        try:
            yield from (line.strip() for line in lines if line.strip())
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not a text in UTF-8.") from None

"""Options whose values are checked or offered here: statuses, types of activities, moments, endings of files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..models import ActivityType, ParticipantStatus

STATUSES = tuple(ParticipantStatus)


def known_statuses() -> list[str]:
    """What a shell offers for ``--status``."""
    return list(map(str, STATUSES))


def known_types() -> list[str]:
    """What a shell offers for ``--type``. The service has other types, too."""
    return list(map(str, ActivityType))


def known_status(text: str) -> str:
    """A documented status, in its own spelling.

    :raises UsageError: it is another text. The service would refuse it, or nobody would have it.
    """
    for status in STATUSES:
        if status.lower() == text.lower():
            return str(status)
    raise UsageError(f"--status must be one of {', '.join(STATUSES)}.")


def _checked(values: list[str] | None) -> list[str] | None:
    return values and list(map(known_status, values))


CourseId = Annotated[
    str, typer.Argument(metavar="COURSE_ID", help="Id of the course: `meltingspot courses list` shows it.")
]

Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        callback=_checked,
        autocompletion=known_statuses,
        help=f"Keep the participants with this status: {', '.join(STATUSES)}. Repeat it for several.",
    ),
]

Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        autocompletion=known_types,
        help="Keep the activities of this type, such as CourseStarted. Repeat it for several.",
    ),
]


def moment(option: str, text: str | None) -> datetime | None:
    """A date, or a time of it, in UTC unless it says otherwise.

    :raises UsageError: it is another text.
    """
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} must be a time like 2026-01-31, 2026-01-31T09:30 (UTC) or 2026-01-31T09:30+01:00."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def require_folder(path: Path) -> None:
    """Refuse a file that could not be written, before anything is sent.

    :raises UsageError: the path is a folder, or its folder does not exist.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist. Create it, or choose another file.")

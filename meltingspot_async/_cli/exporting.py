"""What exports share: the client with its progress, and the file that can be continued after any interruption."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from ..client import MeltingSpotClient
from ..errors import MeltingSpotError
from .files.resumable_file import ResumableFile
from .limiting import command_limiter
from .progress import ExportProgress
from .showing import with_page_size

F = TypeVar("F", bound=ResumableFile)

Resume = Annotated[bool, typer.Option("--resume", help="Continue a file that an earlier export began.")]
_CONTINUE = "Run the command again with --resume to continue: nothing is lost."


@asynccontextmanager
async def export_client(
    items: str, page_size: int | None = None
) -> AsyncGenerator[tuple[MeltingSpotClient, ExportProgress], None]:
    """A client for an export, and the progress that shows its requests and its free slots."""
    async with command_limiter() as limiter:
        with ExportProgress(Console(stderr=True), limiter, items) as progress:
            async with MeltingSpotClient.from_env(limiter=limiter, on_event=progress.on_event) as client:
                yield with_page_size(client, page_size), progress


@contextmanager
def written(file: F, items: str) -> Generator[F, None, None]:
    """Open the file of an export, and say at the end what it holds.

    After an error, a note on the exception says how to continue. A new file that nothing was written to is
    removed, so that it is not in the way of the next attempt.
    """
    opened = False
    try:
        with file:
            opened = True
            if not file.is_locked:
                typer.echo(f"{file.path} cannot be locked here: let no other process write it.", err=True)
            yield file
    except BaseException as error:
        if opened:
            _clean_up(file, items, error)
        raise
    typer.echo(f"{items.capitalize()} in {file.path}: {len(file)}.", err=True)


def _clean_up(file: ResumableFile, items: str, error: BaseException) -> None:
    if len(file) == 0 and not file.resume:
        file.path.unlink()
    elif isinstance(error, OSError) and not isinstance(error, MeltingSpotError):
        # Of what the file system refused, it is not known how much is on the disk.
        error.add_note(f"{file.path} is incomplete. {_CONTINUE}")
    else:
        error.add_note(f"{items.capitalize()} in {file.path} so far: {len(file)}. {_CONTINUE}")

"""What the client logs, on stderr, for those who ask for it: ``-v`` at any command, or ``MELTINGSPOT_LOG``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, TextIO

import typer
import typer.main

from ..errors import UsageError
from ..events import logger

VARIABLE = "MELTINGSPOT_LOG"
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
}
"""What the variable may say."""


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is at that moment: a progress bar puts something in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)s %(message)s", "%H:%M:%S"))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the handler's own only reads it
        return sys.stderr


def level_from_env() -> int | None:
    """The level in ``MELTINGSPOT_LOG``, if it is set.

    :raises UsageError: it names no level.
    """
    word = os.environ.get(VARIABLE)
    if not word:
        return None
    if word.lower() not in LEVELS:
        raise UsageError(f"{VARIABLE} must be one of {', '.join(LEVELS)}.")
    return LEVELS[word.lower()]


def show_log(context: typer.Context, level: int) -> None:
    """Write what the package logs from this level on to stderr until the command ends."""
    context.find_root().with_resource(_shown(level))


@contextmanager
def _shown(level: int) -> Generator[None, None, None]:
    before, handler = logger.level, _Stderr()
    if not any(isinstance(other, _Stderr) for other in logger.handlers):
        logger.addHandler(handler)
    logger.setLevel(min(before or level, level))
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


def _be_verbose(context: typer.Context, wanted: bool) -> None:
    if wanted:
        show_log(context, logging.DEBUG)


def add_verbose(command: Any) -> None:
    """Give a command, and all commands below it, the option ``--verbose``."""
    command.params.append(_verbose)
    for below in getattr(command, "commands", {}).values():
        add_verbose(below)


def _only_verbose(
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            callback=_be_verbose,
            expose_value=False,
            help="Say on stderr what is sent, waited for and tried again.",
        ),
    ] = False,
) -> None: ...


_app = typer.Typer(add_completion=False)
_app.command()(_only_verbose)
_verbose = typer.main.get_command(_app).params[0]

"""The ``meltingspot`` command: all families of commands, put together."""

from __future__ import annotations

import os
import signal
import sys
from io import BufferedWriter, TextIOWrapper
from typing import Annotated, Any, cast

import typer

from .._version import __version__
from . import (
    activities,
    channels,
    courses,
    demo,
    doctor,
    forums,
    groups,
    learning_paths,
    lives,
    members,
    participants,
    roles,
)
from .examples import add_examples
from .logs import add_verbose, level_from_env, show_log
from .running import RootGroup, exit_code_of, interrupt_once

EPILOG = """\
MELTINGSPOT_API_KEY is the secret key of the Spot (its settings, API Access tab). MELTINGSPOT_LOG=debug is -v.

Exit codes: 0; 1 the service or this machine failed; 2 wrong usage; 3 the allowance is used up; 130 interrupted; \
143 terminated.
"""

FAMILIES = {
    "courses": courses.app,
    "participants": participants.app,
    "learning-paths": learning_paths.app,
    "lives": lives.app,
    "members": members.app,
    "roles": roles.app,
    "groups": groups.app,
    "channels": channels.app,
    "forums": forums.app,
    "activities": activities.app,
}


class Commands(RootGroup):
    """The group of all commands, each of which can be verbose and has an example."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        add_verbose(self)
        add_examples(self)


# Tracebacks stay plain: a decorated one would show local variables, and with them the key.
app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, family in FAMILIES.items():
    app.add_typer(family, name=name)
app.command()(demo.demo)
app.command()(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meltingspot {__version__}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Read from the MeltingSpot API. Try it without a key: meltingspot demo."""
    level = level_from_env()
    if level is not None:
        show_log(context, level)


def main() -> None:
    """Entry point of the ``meltingspot`` command. Whatever becomes of the output, there is no traceback of it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as under nohup
        signal.signal(signal.SIGINT, interrupt_once)
    # A terminal whose encoding lacks the bars or a name shows "?" instead of a traceback. JSON is ASCII anyway.
    stdout = cast("TextIOWrapper[BufferedWriter] | None", sys.stdout)
    if stdout is not None:  # None: somebody closed it
        stdout.reconfigure(errors="replace")
    code = exit_code_of(lambda: app(prog_name="meltingspot"))
    if stdout is not None:
        unwritten = exit_code_of(stdout.flush)
        if unwritten is not None:  # what is left would fail once more when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        code = code or unwritten
    sys.exit(code or 0)

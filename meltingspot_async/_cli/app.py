"""The ``meltingspot`` command: all families of commands, put together."""

from __future__ import annotations

import os
import signal
import sys
from io import BufferedWriter, TextIOWrapper
from typing import cast

import typer

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
from .running import RootGroup, exit_code_of, interrupt_once

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

# Tracebacks stay plain: a decorated one would show local variables, and with them the key.
app = typer.Typer(cls=RootGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for name, family in FAMILIES.items():
    app.add_typer(family, name=name)
app.command()(demo.demo)
app.command()(doctor.doctor)


@app.callback()
def root() -> None:
    """Read from the MeltingSpot API. Set MELTINGSPOT_API_KEY to the secret key of the Spot.

    Exit codes: 1 for an error of the service or of this machine, 2 for wrong
    usage, 3 if the allowance of the key is used up.
    """


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

"""``python -m meltingspot_async.testing``: the fake service for programs that run beside it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from ..errors import UsageError
from . import factories
from .fake import FakeMeltingSpot
from .faults import Answer

COURSE = "course-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the fake until Ctrl-C. Returns the exit code: 0, or 1 if it cannot listen on the port.

    :param arguments: those of the command line by default.
    """
    port, fake = prepared(arguments)
    try:
        asyncio.run(_serve(fake))
    except KeyboardInterrupt:
        _say(f"# Ended after {len(fake.received)} requests.")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        _say(f"Cannot listen on port {port}: {reason}. Choose another with --port.", sys.stderr)
        return 1
    return 0


def prepared(arguments: Sequence[str] | None = None) -> tuple[int, FakeMeltingSpot]:
    """The port and the fake that a command line asks for, not yet started."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    fake = FakeMeltingSpot(port=asked.port)
    _fill(fake, asked.participants)
    if asked.fail is not None:
        headers = {} if asked.retry_after is None else {"Retry-After": str(asked.retry_after)}
        try:
            fake.fail(Answer(asked.fail, headers=headers), path=asked.path, times=asked.times or None)
        except UsageError as error:
            parser.error(str(error))
    return asked.port, fake


def _say(text: str, where: TextIO | None = None) -> None:
    print(text, file=where, flush=True)


async def _serve(fake: FakeMeltingSpot) -> None:
    async with fake:
        _say(introduction(fake))
        await asyncio.get_running_loop().create_future()


def introduction(fake: FakeMeltingSpot) -> str:
    """How a program is led to a running fake."""
    return (
        f"# A fake MeltingSpot, with participants in {COURSE}. Ctrl-C ends it. In the shell of your program:\n"
        f"export MELTINGSPOT_API_KEY={fake.api_key} MELTINGSPOT_BASE_URL={fake.base_url}"
    )


def _fill(fake: FakeMeltingSpot, participants: int) -> None:
    """Add a course with so many participants, the members behind them, and one item of each other kind."""
    fake.add(factories.make_course(id=COURSE))
    fake.seed(COURSE, participants)
    fake.add(*map(factories.make_spot_member, range(participants)))
    fake.add(
        factories.make_activity(),
        factories.make_channel(),
        factories.make_custom_role(),
        factories.make_forum(),
        factories.make_group(),
        factories.make_learning_path_participant(),
        factories.make_live(1),
        factories.make_live_participant(),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m meltingspot_async.testing",
        description="Serve a fake MeltingSpot on this machine. Ctrl-C ends it, with exit code 0.",
    )
    add = parser.add_argument
    add("--port", type=_number(0, 65_535), default=8000, help="default 8000; 0 for any that is free")
    add("--participants", type=_number(0, 1_000_000), default=25, help=f"of {COURSE}; default 25")
    add("--fail", type=_number(200, 599), metavar="STATUS", help="answer requests with this status")
    add("--times", type=_number(0, 1_000_000), default=1, help="how many; default 1, and 0 for all")
    add("--path", help="which: a path, in which {id} stands for any id, or an id; default: the next ones")
    add("--retry-after", type=_number(0, 1_000_000), metavar="SECONDS", help="what a failure asks for")
    return parser


def _number(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number from the command line."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read

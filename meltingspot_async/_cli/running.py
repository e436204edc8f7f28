"""How a command runs, and how it ends: every error becomes one line on stderr and an exit code."""

from __future__ import annotations

import asyncio
import enum
import itertools
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, TypeVar

import typer
from typer.core import TyperGroup

from ..errors import MeltingSpotError, QuotaExhaustedError, UsageError

T = TypeVar("T")


class ExitCode(enum.IntEnum):
    """What the command exits with when it does not succeed (0)."""

    FAILED = 1
    """The service refused or failed, or this machine did: its network, its disk."""
    MISUSED = 2
    """The command was used in a wrong way, and nothing was sent. Typer exits with it too."""
    QUOTA_EXHAUSTED = 3
    """The allowance of the key is used up."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it: 128 and the number of the signal."""
    TERMINATED = 143
    """SIGTERM, likewise."""


_EXIT_CODES: dict[type[BaseException], ExitCode] = {
    UsageError: ExitCode.MISUSED,
    QuotaExhaustedError: ExitCode.QUOTA_EXHAUSTED,
    MeltingSpotError: ExitCode.FAILED,
    FileExistsError: ExitCode.MISUSED,
    OSError: ExitCode.FAILED,
    KeyboardInterrupt: ExitCode.INTERRUPTED,
    asyncio.CancelledError: ExitCode.TERMINATED,
}
"""What each error ends the command with. The first class that fits counts."""

INTERRUPTED, TERMINATED = "interrupted", "terminated"
_LAST_WORDS: dict[int, tuple[str, ExitCode]] = {
    signal.SIGINT: (INTERRUPTED, ExitCode.INTERRUPTED),
    signal.SIGTERM: (TERMINATED, ExitCode.TERMINATED),
}

_SHOW_CURSOR = b"\x1b[?25h"
"""A terminal hides it under a bar of progress, which now cannot show it again."""


class RootGroup(TyperGroup):
    """The group of all commands. Every error that a command can meet ends here."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit from None  # the reader of a pipe, such as head, has seen enough: no failure
        except tuple(_EXIT_CODES) as error:
            code = next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))
            fail("\n".join([_message(error), *getattr(error, "__notes__", ())]), code)


def _message(error: BaseException) -> str:
    match error:
        case MeltingSpotError():
            return str(error)
        case FileExistsError():
            return f"{error.filename} exists. Continue it with --resume, or choose another file."
        case OSError():
            where = "" if error.filename is None else f"{error.filename}: "
            return f"{where}{error.strerror or error}"
        case KeyboardInterrupt():
            return INTERRUPTED
        case _:
            return TERMINATED


def fail(message: str, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    """End the command with a message on stderr."""
    say(message)
    raise typer.Exit(code) from None


def say(message: str) -> None:
    """Write a line to stderr, where it is in nobody's pipe."""
    typer.echo(f"meltingspot: {message}", err=True)


def exit_code_of(step: Callable[[], object]) -> int | None:
    """Take one of the command's last steps; what it exits with, or ``None``. What can go wrong becomes one line."""
    try:
        step()
    except SystemExit as end:
        is_cut = isinstance(end.__context__, BrokenPipeError)  # Typer counts it as a failure
        return 0 if is_cut or not isinstance(end.code, int) else end.code
    except BrokenPipeError:
        return 0
    except (OSError, KeyboardInterrupt) as error:
        with suppress(OSError):
            say(_message(error))
        return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAILED
    return None


def interrupt_once(number: int, frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt at the first Ctrl-C, and ignore those that follow: what is left to do then is short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(work: Coroutine[object, object, T]) -> T:
    """Run the asynchronous part of a command to its end.

    The first Ctrl-C or SIGTERM ends the work, which cleans up; another one meanwhile ends the process at once.

    :raises KeyboardInterrupt: on Ctrl-C, after the work has cleaned up.
    :raises asyncio.CancelledError: on SIGTERM, likewise.
    """
    before = {number: signal.getsignal(number) for number in _LAST_WORDS}
    received: list[int] = []
    try:
        return asyncio.run(_ended_by_signals(work, received))
    except asyncio.CancelledError:
        if signal.SIGINT not in received:
            raise
        raise KeyboardInterrupt from None
    finally:
        for number, handler in before.items():
            signal.signal(
                number, signal.SIG_IGN if received else handler
            )  # nothing interrupts the last words


async def _ended_by_signals(work: Coroutine[object, object, T], received: list[int]) -> T:
    """Run the work until it ends, or a signal arrives that was not ignored before, as Ctrl-C is under nohup."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    arrivals = itertools.count()  # a signal can arrive anywhere in the handler of another one

    def end(number: int, frame: FrameType | None) -> None:
        arrival = next(arrivals)
        received.append(number)
        if arrival == 0:
            task.cancel()
            loop.call_soon_threadsafe(int)  # it may be asleep
        elif arrival == 1:
            _end_at_once(number)

    for number in _LAST_WORDS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)
    return await work


def _end_at_once(number: int) -> None:
    """End the process as it is, in the middle of cleaning up. Files can be continued after that, too."""
    word, code = _LAST_WORDS[number]
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
        os.write(2, f"meltingspot: {word}\n".encode())
    os._exit(code)

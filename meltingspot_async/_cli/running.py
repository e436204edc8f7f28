"""How a command runs, and how it ends: every error becomes one line on stderr and an exit code."""

from __future__ import annotations

import asyncio
import enum
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
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
            return "interrupted"
        case _:
            return "terminated"


def fail(message: str, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    """End the command with a message on stderr."""
    typer.echo(f"meltingspot: {message}", err=True)
    raise typer.Exit(code) from None


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
            typer.echo(f"meltingspot: {_message(error)}", err=True)
        return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAILED
    return None


def run(work: Coroutine[object, object, T]) -> T:
    """Run the asynchronous part of a command to its end.

    :raises KeyboardInterrupt: on Ctrl-C, after the work has cleaned up.
    :raises asyncio.CancelledError: on SIGTERM, likewise.
    """
    return asyncio.run(_cancelled_by_sigterm(work))


async def _cancelled_by_sigterm(work: Coroutine[object, object, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows has no such signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work

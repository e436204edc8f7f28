"""How far an export is: a bar on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..events import AttemptStarted, Event
from ..rate_limit import SlidingWindowLimiter
from ..rate_limit._limits import DAY
from .limiting import Limiter

LINE_INTERVAL = 5.0
"""Seconds between two lines of progress where there is no terminal."""


class ExportProgress:
    """Shows the progress of one export. To be used as a context manager.

    :param limiter: its free slots are shown; of a limit that is shared, as they were at the last step of this process.
    :param items: what is exported, in the plural.
    """

    def __init__(self, console: Console, limiter: Limiter, items: str) -> None:
        self._console = console
        self._items = items
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
        """Count the requests of the client that reports its events here."""
        self._requests += isinstance(event, AttemptStarted)

    def show(self, done: int, total: int | None = None) -> None:
        """Show how many items are in the file, and of how many, if that is known."""
        self._bar.update(self._task, completed=done, total=total, description=self._state())
        now = asyncio.get_running_loop().time()
        if not self._console.is_terminal and now >= self._next_line:
            self._next_line = now + LINE_INTERVAL
            of = "" if total is None else f" of {total}"
            self._console.print(f"{done}{of} {self._items}, {self._state()}", soft_wrap=True)

    def _state(self) -> str:
        sent = "1 request" if self._requests == 1 else f"{self._requests} requests"
        limiter = self._limiter
        free = limiter.free() if isinstance(limiter, SlidingWindowLimiter) else limiter.last_free
        left = {
            "today" if limit.per >= DAY else f"in {limit.per:g} s": slots for limit, slots in free.items()
        }
        shown = ", ".join(f"{slots} {when}" for when, slots in left.items())
        return f"{sent} (left: {shown})"

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

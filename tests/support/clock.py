"""An event loop whose clock is virtual: waits take no time, and last exactly as long as they say.

Real loopback sockets work on it. The loop jumps to its next timer only when nothing can be read or written;
a moment of real time is left for the kernel to carry bytes across before that is believed.
"""

from __future__ import annotations

import asyncio
import gc
import selectors
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

GRACE = 0.003
"""Real seconds in which bytes already written must become readable on the other side of a loopback socket."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's clock on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        sockets_open = len(self.get_map()) > 1  # the first is the loop's own wake-up socket
        ready = super().select(0 if timeout == 0 else GRACE if sockets_open else 0)
        if not ready and timeout is None:
            return super().select(None)
        if not ready and timeout:
            self.now += timeout
        return ready


@contextmanager
def short_stacks() -> Generator[None]:
    """Futures and aiohttp note no stacks; in debug mode they take the whole, however deep: a third of a test's time."""
    before, sys.tracebacklimit = getattr(sys, "tracebacklimit", None), 0
    try:
        yield
    finally:
        sys.tracebacklimit = before


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module's docstring."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as its base
        """Wait for threads as long as they take: they end in real time, of which the virtual clock knows nothing."""
        await super().shutdown_default_executor()

    def run_until_complete(self, future: Any) -> Any:
        with short_stacks():
            return super().run_until_complete(future)

    def block(self, seconds: float) -> None:
        """Let time pass as if the running callback had taken that long."""
        self._jumping.now += seconds


def now() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Like ``asyncio.run``, on a virtual clock and in debug mode."""
    with asyncio.Runner(debug=True, loop_factory=VirtualLoop) as runner:
        return runner.run(main)


async def tasks_left(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Tasks started since that do not end by themselves, the fake server's own aside."""
    gc.collect()
    await asyncio.sleep(1.0)
    return tasks_since(before)


def tasks_since(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Tasks started since, the fake server's own aside."""
    return [task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)]

"""The state of an allowance in a file, and the thread that takes the steps in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ..rate_limit._shared import STORE_TIMEOUT
from ..rate_limit._state import Reply, Statement
from ._file import LimitFile

T = TypeVar("T")


class SqliteStore:
    """Takes the steps in a thread of its own, so that the disk holds up no loop."""

    def __init__(self, file: LimitFile) -> None:
        self._file = file
        self._thread: ThreadPoolExecutor | None = None
        self._pid = os.getpid()
        self.remedy = (
            f"Check what keeps {file.path} locked, or its disk busy: a backup, "
            "or a program that was stopped in a step."
        )

    def begin(self) -> None:
        """Serve another loop, or another process: the threads of the one before a fork are not in it."""
        if self._pid != os.getpid():
            self._thread, self._pid = None, os.getpid()

    async def step(self, statement: Statement) -> Reply | None:
        """What the file answers to a statement."""
        return await self._in_thread(partial(self._file.step, statement))

    async def close(self) -> None:
        """Close the connection, and end the thread. A step that hangs is not waited for."""
        if self._thread is not None:
            closing = asyncio.ensure_future(self._in_thread(self._file.close))
            await asyncio.wait([closing], timeout=STORE_TIMEOUT)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "meltingspot-limit")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

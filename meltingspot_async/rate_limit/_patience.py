"""How long to wait for a store, on a loop that may be blocked meanwhile."""

from __future__ import annotations

import asyncio
from types import TracebackType

SLICE = 0.1
"""Seconds into which the time is cut that a store has."""


class Patience:
    """Bounds a block to so many seconds in which the loop runs: while it is blocked, nobody can have answered us."""

    def __init__(self, seconds: float) -> None:
        self._left = round(seconds / SLICE)
        self._bound = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(SLICE, self._tick)

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._timer = self._loop.call_later(SLICE, self._tick)
        else:
            self._bound.reschedule(self._loop.time())

    async def __aenter__(self) -> None:
        await self._bound.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._bound.__aexit__(kind, error, trace)

"""A slot, from before its request is sent until its answer is in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import attrs

from ._protocol import Priority


@attrs.define(eq=False)
class Slot:
    """One slot, as an async context manager. Thousands wait at once, so it adds no coroutine to its limiter's."""

    _acquire: Callable[[Slot], Awaitable[None]]
    """Waits for it, and sets what is known of it from then on."""
    _release: Callable[[Slot, BaseException | None], None]
    priority: Priority
    deadline: float | None
    """Time of the loop's clock until which to wait for it."""
    loop: asyncio.AbstractEventLoop = attrs.field(init=False)
    """On which it was taken."""
    pauses: int = attrs.field(init=False)
    """How many pauses had begun by then."""
    arrival: int = attrs.field(init=False)
    """Number of the one who got it, by arrival in the queue."""

    # To be awaited, like any coroutine: which kind of one it has to be, type checkers see differently.
    def __aenter__(self) -> Any:
        return self._acquire(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release(self, error)

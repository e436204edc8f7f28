"""A slot, from before its request is sent until its answer is in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

import attrs

from ._protocol import Priority


@attrs.define
class Taken:
    """A slot that was taken."""

    loop: asyncio.AbstractEventLoop
    pauses: int
    """How many pauses had begun by then."""
    arrival: int
    """Number of the one who got it, by arrival in the queue."""


@attrs.define
class Slot:
    """One slot, as an async context manager."""

    acquire: Callable[[Priority, float | None], Awaitable[Taken]]
    release: Callable[[Taken, BaseException | None], None]
    priority: Priority
    deadline: float | None
    taken: Taken = attrs.field(init=False)

    async def __aenter__(self) -> None:
        self.taken = await self.acquire(self.priority, self.deadline)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release(self.taken, error)

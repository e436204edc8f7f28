"""One call: which attempt it is at, and until when it may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs

from ..errors import DeadlineExceededError, MeltingSpotError


@attrs.define
class Call:
    """What the attempts of one call have in common."""

    path: str
    """Path that is asked for, without the query."""
    allowed: float | None
    """Seconds the call was given; ``None`` without a deadline."""
    deadline: float | None
    """Time of the loop's clock at which they are over."""
    attempt: int = 1
    """Number of the attempt that is under way or comes next, from 1."""

    @classmethod
    def begin(cls, path: str, allowed: float | None) -> Call:
        """A call that begins now."""
        return cls(path, allowed, _from_now(allowed))

    def progress(self) -> None:
        """Begin to count attempts and seconds anew: something useful has arrived."""
        self.attempt, self.deadline = 1, _from_now(self.allowed)

    def has_time_for(self, wait: float) -> bool:
        """Whether a wait of that many seconds ends within the deadline."""
        return self.deadline is None or asyncio.get_running_loop().time() + wait <= self.deadline

    def exceeded(self, wait_needed: float | None) -> DeadlineExceededError:
        """The error of a call whose deadline does not allow a wait, or has passed (``None``)."""
        assert self.allowed is not None
        return DeadlineExceededError(wait_needed, self.allowed)

    @asynccontextmanager
    async def within_deadline(self) -> AsyncGenerator[None, None]:
        """End what happens in the block when the deadline passes.

        :raises DeadlineExceededError: it has passed.
        """
        until = asyncio.timeout_at(self.deadline)
        try:
            async with until:
                yield
        except TimeoutError as error:
            if isinstance(error, MeltingSpotError) or not until.expired():
                raise
            raise self.exceeded(None) from None


def _from_now(seconds: float | None) -> float | None:
    return None if seconds is None else asyncio.get_running_loop().time() + seconds

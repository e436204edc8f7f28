"""A slot of the limit for one attempt of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType

import attrs

from ..errors import DeadlineExceededError
from ..rate_limit import RateLimiter
from .call import Call


@attrs.define(eq=False)
class AttemptSlot:
    """A slot, from before the request is sent until its answer is in. Thousands of calls wait for one at once."""

    _call: Call
    _limiter: RateLimiter
    _numbers: Iterator[int]
    """Numbers of requests."""
    _slot: AbstractAsyncContextManager[None] = attrs.field(init=False)

    async def __aenter__(self) -> None:
        call, loop = self._call, asyncio.get_running_loop()
        queued = loop.time()
        self._slot = self._limiter.slot(call.priority, call.deadline)
        try:
            await self._slot.__aenter__()
        except DeadlineExceededError as refusal:
            wait_needed = refusal.wait_needed
        else:
            call.has_slot, call.waited, call.asked = True, loop.time() - queued, next(self._numbers)
            return
        # Raised outside the handler: the limiter's error says nothing that this one does not.
        raise call.exceeded(wait_needed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.has_slot = False
        await self._slot.__aexit__(kind, error, trace)

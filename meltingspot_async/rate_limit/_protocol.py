"""What a limiter is: who asks for a slot, and what the limiter learns when the slot is given back."""

from __future__ import annotations

import enum
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ..errors import ApiError, InvalidResponseError, TransportError

GIVEN_UP_MARGIN = 10.0
"""Seconds that a request may still take to arrive after it was given up. A lost packet is sent again after 1, 3
and 7 s (RFC 6298: one second first, doubled each time), so this outlasts three losses in a row."""


class Priority(enum.Enum):
    """Who goes first when slots are scarce."""

    INTERACTIVE = "interactive"
    """Somebody is waiting: a page is loading. The default."""
    BULK = "bulk"
    """A batch, which waits behind every interactive request, but is never starved: it gets one slot in 51."""


class SlotOutcome(enum.Enum):
    """What became of the request for which a slot was taken."""

    ANSWERED = "answered"
    """The answer was received."""
    GIVEN_UP = "given up"
    """The request may still arrive, within ``GIVEN_UP_MARGIN``."""
    UNSENT = "unsent"
    """The service never saw the request."""

    @classmethod
    def of(cls, error: BaseException | None) -> SlotOutcome:
        """The outcome of a block that ended with this exception, or without one; see :class:`RateLimiter`."""
        if error is None or isinstance(error, ApiError | InvalidResponseError):
            return cls.ANSWERED
        return cls.UNSENT if isinstance(error, TransportError) and not error.sent else cls.GIVEN_UP


class RateLimiter(Protocol):
    """What a client needs of a limiter: one method.

    The limiter learns the outcome of a request from the way in which the block ends. Normally, or with an
    :class:`~meltingspot_async.ApiError`: the answer was received. With a
    :class:`~meltingspot_async.TransportError` whose ``sent`` is false: the service never saw the request. With
    anything else: the request was given up and may still arrive. A
    :class:`~meltingspot_async.RateLimitError` pauses the whole key for its ``pause``.
    """

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Hold a slot from before sending until the answer is in.

        ``deadline`` is a time of the running loop's clock (``loop.time()``), or ``None``.
        """
        ...

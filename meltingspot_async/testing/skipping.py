"""What a client of the fake does instead of waiting."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext

from ..rate_limit import Priority


class Unlimited:
    """A limiter that gives every slot at once, and leaves the pause after a 429 to the call that got it."""

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        """A slot."""
        return nullcontext()

"""A client for tests that take no real seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from ..client import MeltingSpotClient
from ..events import Event
from ..rate_limit import Priority


class _Unlimited:
    """A limiter that gives every slot at once, and leaves the pause after a 429 to the call that got it."""

    def slot(
        self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[None]:
        return nullcontext()


def client_without_waits(
    api_key: str,
    base_url: str,
    auth_scheme: str | None,
    on_event: Callable[[Event], None] | None,
    skip: Callable[[float], Awaitable[None]],
) -> MeltingSpotClient:
    """A client that skips what another would wait.

    :param skip: called with the seconds that are not waited.
    """
    client = MeltingSpotClient(
        api_key,
        base_url=base_url,
        auth_scheme=auth_scheme,
        limiter=_Unlimited(),
        on_event=on_event,
        trust_env=False,
    )
    client.session_manager.sleep = skip
    return client

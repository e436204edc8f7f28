"""Which limit the command keeps: one that it shares with other programs of the key, wherever it can."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from .._environment import (
    AUTO,
    api_key_from_env,
    base_url_from_env,
    limit_file_from_env,
    limiter_from_env,
    redis_url_from_env,
)
from ..client import MeltingSpotClient
from ..errors import LimiterUnavailableError
from ..rate_limit import DOCUMENTED_LIMITS, SlidingWindowLimiter
from ..rate_limit._shared import SharedLimiter
from .running import say

Limiter = SharedLimiter | SlidingWindowLimiter


@asynccontextmanager
async def command_limiter() -> AsyncGenerator[Limiter, None]:
    """The limiter in Redis or in a file, by the environment; by default, the file in the user's state folder.

    Where that cannot be used, a line on stderr says so, and this process keeps the limit alone.

    :raises LimiterUnavailableError: a file that was named cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            shared = limiter_from_env(api_key_from_env(), base_url_from_env(), default=AUTO)
            if shared is not None:
                await stack.enter_async_context(aclosing(shared))
                await shared.free()
        except LimiterUnavailableError as error:
            if limit_file_from_env() not in {None, AUTO} or redis_url_from_env() is not None:
                raise
            say(f"the limit is not shared with other programs ({error.reason}). {error.remedy}")
            shared = None
        yield SlidingWindowLimiter(DOCUMENTED_LIMITS, reserve=0) if shared is None else shared


@asynccontextmanager
async def command_client() -> AsyncGenerator[MeltingSpotClient, None]:
    """A client of the environment, with the limiter of the command."""
    async with command_limiter() as limiter, MeltingSpotClient.from_env(limiter=limiter) as client:
        yield client

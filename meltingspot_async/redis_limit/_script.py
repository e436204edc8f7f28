"""How a process takes its steps in Redis: one script, within a time limit, each step once."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Iterable, Sequence
from importlib.resources import files
from typing import Any, Protocol

from redis import asyncio as redis_asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..errors import LimiterUnavailableError, UsageError

STEP_TIMEOUT = 1.5
"""Seconds that Redis has for one step, reconnecting included."""

_RETRY_AFTER = 0.05
_SCRIPT = files("meltingspot_async.redis_limit").joinpath("_step.lua").read_text("utf-8")
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class RedisCommands(Protocol):
    """What the limiter needs of a ``redis.asyncio.Redis`` or ``RedisCluster``."""

    def execute_command(self, *args: Any, **options: Any) -> Awaitable[Any]:
        """Send one command."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close the connections."""
        ...


def connect(url: str) -> RedisCommands:
    """A redis client for a URL.

    :raises UsageError: the text is not a Redis URL.
    """
    try:
        client: RedisCommands | None = redis_asyncio.Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
    except ValueError:
        client = None
    if client is None:  # raised outside the handler: redis-py repeats the URL, which can hold a password
        raise UsageError(
            "This is not a Redis URL: it must start with redis://, rediss:// or unix://, as in redis://localhost:6379."
        )
    return client


class Script:
    """The script, as one process runs it.

    :param keys: the Redis keys it works on.
    :param rules: what is the same in every step.
    :param timeout: seconds for one step.
    """

    def __init__(
        self, redis: RedisCommands, keys: Sequence[str], rules: Iterable[float], timeout: float
    ) -> None:
        self.keys = keys
        self.steps = 0
        """Steps sent so far."""
        self.process = ""
        """Name of this process in Redis."""
        self._redis = redis
        self._rules = _numbers(rules)
        self._timeout = timeout

    def begin(self) -> None:
        """Get a new name, as a process of its own."""
        self.process = uuid.uuid4().hex

    async def step(self, *statement: float) -> list[int]:
        """Redis's reply to one step.

        A process that was suspended meanwhile gets an error rather than a slot that may no longer be its own.

        :raises LimiterUnavailableError: Redis did not reply in time.
        """
        failure = TimeoutError.__name__
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    self.steps += 1
                    try:
                        if answer := await self._evaluate(self.steps, *statement):
                            return answer
                    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
                        failure = type(error).__name__
                    await asyncio.sleep(_RETRY_AFTER)
        except TimeoutError:
            raise LimiterUnavailableError(failure) from None

    async def _evaluate(self, *statement: float) -> list[int]:
        script = (len(self.keys), *self.keys, self.process, _numbers(statement), self._rules)
        try:
            answer = await self._redis.execute_command("EVALSHA", _SHA, *script)
        except NoScriptError:
            answer = await self._redis.execute_command("EVAL", _SCRIPT, *script)
        return [int(number) for number in answer]


def _numbers(numbers: Iterable[float]) -> str:
    return " ".join(map(repr, numbers))

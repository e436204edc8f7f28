"""How a process has its steps taken in Redis: one script, within a time, each step once."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Iterable, Sequence
from importlib.resources import files
from typing import Any, Protocol

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..errors import LimiterUnavailableError

STEP_TIMEOUT = 1.5
"""Seconds Redis has for one step, reconnecting included."""

_RETRY_AFTER = 0.05
_SCRIPT = files(__package__).joinpath("_step.lua").read_text("utf-8")
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class Commands(Protocol):
    """What is needed of a ``redis.asyncio.Redis`` or ``RedisCluster``."""

    def execute_command(self, *args: Any, **options: Any) -> Awaitable[Any]:
        """Send one command."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close the connections."""
        ...


class Script:
    """The script, as one process runs it.

    :param keys: the Redis keys it works on.
    :param rules: what is the same in every step.
    :param timeout: seconds for one step.
    """

    def __init__(self, redis: Commands, keys: Sequence[str], rules: Iterable[float], timeout: float) -> None:
        self.keys = keys
        self.steps = 0
        """Steps sent so far."""
        self.process = ""
        """Who this process is to Redis."""
        self._redis = redis
        self._rules = _numbers(rules)
        self._timeout = timeout

    def begin(self) -> None:
        """Be a process of its own from now on."""
        self.process = uuid.uuid4().hex

    async def step(self, *said: float) -> list[int]:
        """The answer to one step.

        A process that was stopped meanwhile finds the time over rather than a slot that may no longer be its own.

        :raises LimiterUnavailableError: if there is none in time.
        """
        failure = TimeoutError.__name__
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    self.steps += 1
                    try:
                        if answer := await self._evaluate(self.steps, *said):
                            return answer
                    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
                        failure = type(error).__name__
                    await asyncio.sleep(_RETRY_AFTER)
        except TimeoutError:
            raise LimiterUnavailableError(failure) from None

    async def _evaluate(self, *said: float) -> list[int]:
        script = (len(self.keys), *self.keys, self.process, _numbers(said), self._rules)
        try:
            answer = await self._redis.execute_command("EVALSHA", _SHA, *script)
        except NoScriptError:
            answer = await self._redis.execute_command("EVAL", _SCRIPT, *script)
        return [int(number) for number in answer]


def _numbers(numbers: Iterable[float]) -> str:
    return " ".join(map(repr, numbers))

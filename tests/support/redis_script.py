"""The script of the Redis limiter, on a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from redis import Redis

from meltingspot_async.redis_limit import _store

CLOCK = "clock"
"""The Redis key that holds the time: seconds, and microseconds beyond them."""


class ClockedScript:
    """Runs the script as Redis would at the time of a test.

    It has the two methods of an asyncio client that the limiter uses, and answers without suspending: what happens in
    a test does not depend on how fast Redis is.

    :param clock: tells the time, in microseconds.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        script = _store._SCRIPT.replace("redis.call('TIME')", f"redis.call('LRANGE', '{CLOCK}', 0, 1)")
        assert script != _store._SCRIPT
        self._redis: Any = redis
        self._clock = clock
        self._sha = self._redis.script_load(script)
        self.steps = 0

    async def execute_command(self, *command: Any, **_: Any) -> Any:
        """Run the script for EVALSHA."""
        name, _, *rest = command
        assert name == "EVALSHA"
        self.steps += 1
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(CLOCK)
            pipe.rpush(CLOCK, *map(int, divmod(self._clock(), 1_000_000)))
            pipe.execute_command(name, self._sha, *rest)
            return pipe.execute()[-1]

    async def aclose(self) -> None:
        """Nothing: the client is the test's."""


def loop_microseconds() -> float:
    """The running loop's time, as a Redis on the same machine would tell it."""
    return asyncio.get_running_loop().time() * 1e6

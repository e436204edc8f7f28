"""The state of an allowance in Redis, and one script that takes a step in it, as a whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Iterable
from typing import Any, Protocol

from redis import asyncio as redis_asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..errors import CHECK_REDIS, UsageError
from ..rate_limit._shared import StoreUnreachableError
from ..rate_limit._state import Reply, Rules, Statement
from ..rate_limit._window import NEVER
from ._lua_decision import DECISION
from ._lua_state import STATE

_SCRIPT = STATE + DECISION
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
_NAME = re.compile(r"[^{}\s]+")


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


class RedisStore:
    """Keeps the state of one allowance under keys of one hash slot, and runs the script on it.

    :param name: the name of the allowance.
    :param rules: by which limits are kept, in microseconds.
    """

    remedy = CHECK_REDIS

    def __init__(self, redis: RedisCommands, name: str, rules: Rules) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError("key must be a name without braces and white space.")
        parts = ["state", "refused"]
        for rule in rules.limits:
            parts += [f"cooling:{rule.per:.0f}", f"paced:{rule.per:.0f}"]
        self.keys = [f"meltingspot:{{{name}}}:{part}" for part in parts]
        self._rules = _numbers(_spelled_out(rules))
        self._redis = redis
        self.own_url = ""
        """Where to connect, if the redis client is the store's own: it is made anew for each loop, and closed."""

    def begin(self) -> None:
        """Make a client for another loop: connections of the loop before, which is closed, are lost."""
        if self.own_url:
            self._redis = connect(self.own_url)

    async def step(self, statement: Statement) -> Reply | None:
        """What Redis answers to a statement."""
        said = (
            statement.step,
            statement.held,
            statement.pages,
            statement.batches,
            statement.patience,
            statement.answered,
            statement.given_up,
            statement.given_up_for,
            statement.refused,
            statement.pause,
            statement.after,
        )
        try:
            answer = await self._evaluate(statement.process, _numbers(said), self._rules)
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise StoreUnreachableError(type(error).__name__) from None
        if not answer:
            return None
        if answer == [-1]:
            return Reply(0, 0, NEVER, NEVER, 0.0, 0.0, 0, [], is_conflict=True)
        pages, batches, free_in, due_in, pages_closed_for, batches_closed_for, pauses, *free = answer
        return Reply(
            pages,
            batches,
            NEVER if free_in < 0 else free_in,
            NEVER if due_in < 0 else due_in,
            pages_closed_for,
            batches_closed_for,
            pauses,
            free,
        )

    async def close(self) -> None:
        """Close a client of our own."""
        if self.own_url:
            await self._redis.aclose()

    async def _evaluate(self, *arguments: str) -> list[int]:
        script = (len(self.keys), *self.keys, *arguments)
        try:
            answer = await self._redis.execute_command("EVALSHA", _SHA, *script)
        except NoScriptError:
            answer = await self._redis.execute_command("EVAL", _SCRIPT, *script)
        return [int(number) for number in answer]


def _spelled_out(rules: Rules) -> list[float]:
    numbers: list[float] = [rules.share, rules.lease, rules.renewal, rules.margin, rules.grace]
    numbers += [rules.outlook, rules.max_passed_over]
    for rule in rules.limits:
        numbers += [rule.requests, rule.per, rule.is_allowance, rule.is_paced, rule.step]
    return numbers


def _numbers(numbers: Iterable[float]) -> str:
    return " ".join(f"{number:.0f}" for number in numbers)

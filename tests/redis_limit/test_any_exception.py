"""Whatever redis-py raises, a request ends with an error of ours, and one that says no more than its kind."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from redis import exceptions

from meltingspot_async import LimiterUnavailableError, RateLimit
from meltingspot_async.rate_limit import _shared
from meltingspot_async.rate_limit._shared import shared_rules
from meltingspot_async.rate_limit._state import Statement
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.redis_limit._store import RedisCommands, RedisStore

from ..support.clock import now
from ..support.limiters import use

SECRET = "redis://user:password@host"
TEXTS = (
    *(
        "OOM command not allowed when used memory > 'maxmemory'.",
        "READONLY You can't write against a read only replica.",
    ),
    *(
        "WRONGTYPE Operation against a key",
        "NOAUTH Authentication required.",
        "NOPERM no permissions",
        "BUSY",
    ),
)
KINDS = [
    *(kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, Exception)),
    *(OSError, TimeoutError, ConnectionResetError, EOFError, ValueError, RuntimeError, UnicodeDecodeError),
]


class _Fails:
    """A redis client whose every command fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        raise self._error

    async def aclose(self) -> None: ...


class _Answers:
    """A redis client that answers something else than the script does."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        return self._answer

    async def aclose(self) -> None: ...


async def refusal(redis: RedisCommands) -> LimiterUnavailableError:
    """The error of a request whose slot that Redis should give."""
    limiter = RedisSlidingWindowLimiter(redis, [RateLimit(1, per=1.0)], key="k")
    with pytest.raises(LimiterUnavailableError) as refused:
        await use(limiter)
    await limiter.aclose()
    return refused.value


def made(kind: type[Exception]) -> Exception:
    """An instance whose text holds a secret."""
    for arguments in (
        (SECRET,),
        (f"1 {SECRET}:1",),
        ("utf-8", SECRET.encode(), 0, 1, SECRET),
        (SECRET, SECRET),
    ):
        try:
            return kind(*arguments)
        except (TypeError, ValueError):
            continue
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_whatever_redis_raises_is_an_error_of_ours(kind: type[Exception]) -> None:
    """Each ends a request with LimiterUnavailableError, which names its class and shows nothing of its text."""
    error = await refusal(_Fails(made(kind)))
    assert error.reason in {kind.__name__, "TimeoutError", "ConnectionError"}
    assert "password" not in f"{error}{error!r}{error.__cause__}{error.__context__}"


@pytest.mark.parametrize("text", TEXTS)
async def test_redis_that_refuses_the_script_is_not_asked_again(text: str) -> None:
    """A Redis that is full, read-only, of another type or not for us says so at once: waiting does not help."""
    begun = now()
    assert (await refusal(_Fails(exceptions.ResponseError(text)))).reason == "ResponseError"
    assert now() - begun < _shared.RETRY_AFTER


@pytest.mark.parametrize("answer", ["OK", b"\xff", 7, ["x"], [1, 2], {"a": 1}, [[1]], [None]])
async def test_answer_of_something_else_is_an_error_of_ours(answer: object) -> None:
    """What answers like no script, such as a proxy between, ends a request the same way."""
    await refusal(_Answers(answer))


@pytest.mark.parametrize(
    ("error", "may_be_back"),
    [
        (exceptions.ConnectionError(SECRET), True),
        (exceptions.TimeoutError(SECRET), True),
        (ConnectionResetError(SECRET), True),
        (exceptions.ResponseError(SECRET), False),
    ],
)
async def test_redis_that_cannot_be_reached_is_asked_again(error: Exception, may_be_back: bool) -> None:
    """What the network raises may be over in a moment; what Redis answers is not."""
    store = RedisStore(_Fails(error), "key", shared_rules([RateLimit(1, per=1.0)], reserve=0.0, lease=30.0))
    with pytest.raises(_shared.StoreUnreachableError if may_be_back else type(error)) as raised:
        await store.step(Statement("p", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    if may_be_back:
        assert str(raised.value) == type(error).__name__

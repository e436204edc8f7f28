"""A Redis that cannot be reached, hangs or fails, and the fallback."""

from __future__ import annotations

import asyncio
import logging
import signal

import pytest

from meltingspot_async import (
    LimiterUnavailableError,
    RateLimit,
    SlidingWindowLimiter,
    TransportError,
)
from meltingspot_async.rate_limit import _shared
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter

from ..support.clock import now
from ..support.limiters import (
    BULK,
    hold_at_once,
    most_in_a_window,
    redis_limiting,
    run_real,
    use,
)
from ..support.redis_server import RedisServer, ask


def test_redis_has_less_than_two_seconds_for_a_step() -> None:
    """The time Redis has for a step, with what is around it, is below 2 s."""
    assert _shared.STORE_TIMEOUT + _shared.RETRY_AFTER < 2.0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("url", ["redis://user:secret@127.0.0.1:1", "unix:///nowhere/s?password=secret"])
def test_request_without_redis_fails_and_says_what_to_check(key: str, url: str) -> None:
    """When Redis cannot be reached, a request fails soon, without a slot, and the error shows no credentials."""

    async def main() -> None:
        limiter = RedisSlidingWindowLimiter.from_url(url, [RateLimit(1, per=1.0)], key=key)
        with pytest.raises(LimiterUnavailableError, match="Check that Redis runs") as failed:
            await use(limiter)
        assert "secret" not in str(failed.value)
        assert "127.0.0.1" not in str(failed.value)
        await limiter.aclose()
        await limiter.aclose()

    run_real(main())


def test_redis_that_hangs_fails_requests_and_is_used_again(own_server: RedisServer, key: str) -> None:
    """A Redis that takes commands and answers none fails every request that waits; afterwards nothing is lost."""

    async def main() -> None:
        limit = RateLimit(2, per=0.1)
        async with redis_limiting(own_server, key, limit) as limiter:
            await use(limiter)
            own_server.send(signal.SIGSTOP)
            outcomes = await asyncio.gather(use(limiter), use(limiter, BULK), return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [LimiterUnavailableError] * 2
            own_server.send(signal.SIGCONT)
            await hold_at_once(limiter, 2)

    run_real(main())


def test_error_of_redis_itself_is_not_retried(server: RedisServer, key: str) -> None:
    """An error that is not the connection's, such as a key of another type, is not tried again."""

    async def main() -> None:
        async with redis_limiting(server, key, RateLimit(1, per=1.0)) as limiter:
            await ask(server, "SET", limiter._redis.keys[0], "of another type")
            with pytest.raises(LimiterUnavailableError) as failed:
                await use(limiter)
            assert failed.value.reason == "ResponseError"
            assert limiter._steps == 1

    run_real(main())


def test_outcome_that_cannot_be_reported_fails_nothing(
    own_server: RedisServer, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A request that succeeded stays so when Redis is gone by then; it is logged, and reported when Redis is back."""

    async def main() -> None:
        async with redis_limiting(own_server, key, RateLimit(1, per=0.3)) as limiter:
            async with limiter.slot():
                own_server.kill()
            await limiter.aclose()
            assert "store failed" in caplog.text
            own_server.start()
            back = now()
            await use(limiter)
            assert now() - back >= 0.299  # as it is reported only now, it counts from now

    with caplog.at_level(logging.WARNING, "meltingspot_async"):
        run_real(main())


@pytest.mark.usefixtures("impatient")
def test_fallback_is_used_while_redis_fails(
    own_server: RedisServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Redis the share of this process is kept to; when Redis is back, it is asked again."""
    monkeypatch.setattr(_shared, "LOCAL_FOR", 1.0)

    async def main() -> None:
        share = RateLimit(2, per=0.3)
        fallback = SlidingWindowLimiter([share])
        async with redis_limiting(own_server, key, RateLimit(9, per=0.3), fallback=fallback) as limiter:
            await use(limiter)
            assert fallback.free()[share] == 2
            own_server.kill()
            received = await asyncio.gather(*(use(limiter) for _ in range(4)))
            steps = limiter._steps
            received.append(await use(limiter))
            assert limiter._steps == steps
            assert most_in_a_window(received, 0.3) <= 2
            with pytest.raises(TransportError):
                async with limiter.slot():
                    raise TransportError("refused", "/", sent=False)
            own_server.start()
            await asyncio.sleep(1.1)
            await use(limiter)
            assert limiter._steps > steps
            assert fallback.free()[share] == 2

    run_real(main())

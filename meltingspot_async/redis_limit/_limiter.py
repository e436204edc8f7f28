"""One limit for many processes and machines, kept in Redis (extra ``redis``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from ..rate_limit import RateLimit, RateLimiter
from ..rate_limit._shared import SharedLimiter, shared_rules, strictest
from ._store import RedisCommands, RedisStore, connect


class RedisSlidingWindowLimiter(SharedLimiter):
    """Keeps every limit at once, for all requests of one key in every process that gives the same ``key``.

    A slot is held, as in :class:`~meltingspot_async.SlidingWindowLimiter` and with the same proof, from before its
    request is sent until a window after its answer was in; the count of slots held is in Redis, read and changed by
    one script in one piece, on Redis's clock, which the script keeps from going back. Every step of a process states
    how many slots it has in flight, so that an answer that got lost, or a command that was sent twice or arrives late,
    changes nothing: the next step frees what it took. An outcome is reported after it happened, and counted from then
    on: later than it happened, never earlier. A process that reports nothing for a ``lease`` is dead: alive, it would
    have renewed it within a third, so its requests have arrived 10 seconds after that, and count as answered
    then. Waiting processes learn when their next step is due, each for another slot, and sleep until then.

    The proof does not cover a process that is suspended, or cut off from Redis, for longer than its lease while a
    request of its own is still on the way. A Redis that is restarted empty has forgotten the slots that cooled: it
    counts one window anew, a day's allowance too. Processes state again what they have in flight.

    A slot costs one command to take and one to give back, several at once share theirs, and waiting costs about one
    more; the script looks at every process that holds slots or waits.

    :param redis: a ``redis.asyncio.Redis`` or ``RedisCluster`` of the running loop. It is not closed.
    :param limits: the limits to keep, all at once; the same in every process, or requests fail with ``UsageError``.
    :param key: names the allowance: the same for all who share it. Redis shows it, so it must not be the API key.
    :param patience: seconds a caller waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.
    :param reserve: the share of each limit, rounded up to whole requests, that bulk requests leave to interactive
        ones. With 0 they take whatever is free, as fast as it is. The same in every process.
    :param lease: seconds after which the slots of a process that was killed are free again (those of a window
        that is longer, a window after). At least 15; the same in every process.
    :param fallback: a limiter of this process alone, with this process's share of the limits, to use while Redis
        fails. By default requests fail with :class:`~meltingspot_async.LimiterUnavailableError`. In the window in
        which Redis fails or recovers, what Redis gave and the shares can add up.

    Call :meth:`aclose` before the redis client is closed. A limiter serves one loop at a time.
    """

    def __init__(
        self,
        redis: RedisCommands,
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        reserve: float = 0.05,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> None:
        limits = strictest(limits)
        rules = shared_rules(limits, reserve=reserve, lease=lease)
        self._redis = RedisStore(redis, key, rules)
        super().__init__(self._redis, limits, rules, patience, fallback)

    @classmethod
    def from_url(
        cls,
        url: str,
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        reserve: float = 0.05,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> Self:
        """A limiter with a redis client of its own, which :meth:`aclose` closes.

        :param url: as ``redis.asyncio.Redis.from_url`` takes it: ``redis://``, ``rediss://`` or ``unix://``.
            The other parameters are those of the class.
        :raises UsageError: for a text that is not a Redis URL, which is not repeated: it can hold a password.
        """
        limiter = cls(
            connect(url), limits, key=key, patience=patience, reserve=reserve, lease=lease, fallback=fallback
        )
        limiter._redis.own_url = url
        return limiter

"""One limit for many processes of one machine, kept in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..rate_limit import RateLimit, RateLimiter
from ..rate_limit._shared import SharedLimiter, shared_rules, strictest
from ._file import LimitFile
from ._store import SqliteStore

OUTLOOK = 1.0
"""Seconds after which a process that waits looks whether a slot was given back early. A step in a file costs little."""


class SqliteSlidingWindowLimiter(SharedLimiter):
    """Keeps every limit at once, for all requests of one key in every process that opens the same file.

    It keeps the promises of :class:`~meltingspot_async.redis_limit.RedisSlidingWindowLimiter`, with the same proof, on
    one machine and without a server. A slot is held from before its request is sent until a window after its answer
    was in; the count of slots held is in the file, read and changed in one transaction. Every step of a process states
    how many slots it has in flight, so that whatever got lost changes nothing. A process that reports nothing for a
    ``lease`` is dead: its requests have arrived 10 seconds after the third of it in which it would have renewed it. A
    process that waits sleeps until its slot is due, and looks once a second whether one was given back early.

    Time is that of a clock that counts since the machine was started and that nobody can set; over a reboot, at least
    what the new boot has counted has passed. The wall clock is believed where the kernel calls it synchronised, for
    the time that the machine was off. So a clock that is set, forward or back, opens no window early and closes none
    for ever, and the day's count outlives restarts and reboots.

    The proof does not cover a process that is suspended for longer than its lease while a request of its own is on the
    way, a file that somebody removes or restores from a backup, and containers with other time namespaces than the
    rest. After a power cut the last steps can be missing from the day's count, some hundred requests at most.

    A step costs less than a millisecond of a thread of its own; the loop is never blocked. Slots that are asked for at
    the same time share a step.

    :param path: a file on a disk of this machine. It is made, with its folder, for its owner alone, if it is missing;
        two more, with ``-wal`` and ``-shm`` at the end of their names, stand beside it while it is in use.
    :param limits: the limits to keep, all at once; the same in every process, or requests fail with ``UsageError``.
    :param key: names the allowance: the same for all who share it. The file shows it, so it must not be the API key.
    :param patience: seconds a caller waits for a key that is paused by a 429, or whose allowance (a limit of a day
        or longer) is used up. Beyond it every waiter gets :class:`~meltingspot_async.QuotaExhaustedError`.
    :param reserve: the share of each limit, rounded up to whole requests, that bulk requests leave to interactive
        ones. With 0 they take whatever is free, as fast as it is. The same in every process.
    :param lease: seconds after which the slots of a process that was killed are free again (those of a window
        that is longer, a window after). At least 15; the same in every process.
    :param fallback: a limiter of this process alone, with this process's share of the limits, to use while the file
        fails. By default requests fail with :class:`~meltingspot_async.LimiterUnavailableError`, which says what to
        do: about a file of another version, a damaged one, one on a network file system, a full disk.

    Call :meth:`aclose` at the end. A limiter serves one loop at a time. It may be made, and used, before a process
    forks.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        limits: Iterable[RateLimit],
        *,
        key: str,
        patience: float = 60.0,
        reserve: float = 0.05,
        lease: float = 30.0,
        fallback: RateLimiter | None = None,
    ) -> None:
        limits = strictest(limits)
        rules = shared_rules(limits, reserve=reserve, lease=lease, outlook=OUTLOOK)
        file = LimitFile(Path(path).absolute(), key, rules)
        super().__init__(SqliteStore(file), limits, rules, patience, fallback)

"""What a service may say about when to come back, sane and absurd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain

from meltingspot_async import QuotaExhaustedError, RateLimitError, ServerError

from ..fault import Fault, Outcome, final, transient

REFUSED = "429 Too Many Requests"
AWAY = "503 Service Unavailable"
WAITS = transient(RateLimitError)
CLOSED = final(QuotaExhaustedError, "is used up")

AGAIN = transient(ServerError)
AT_ONCE = final(ServerError, "retry after")

SANE = ("0", "1", " 2 ", "0.5", "01")
NONSENSE = (
    *("", "-1", "soon", "nan", "inf", "1e3", "0x10", "1,5", "1 s", "+1", ";", "9" * 12, "9" * 400),
    *("Sun, 99 Mar 2026 12:00:30 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
)
"""What is ignored: it is no wait, it is over, or it lasts for more than 30 years."""
TOO_LONG = ("61", "3600", "999999", "99999999.9")
"""What nobody waits for: more than ``max_retry_after``."""


def _date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _asks(how: str, status: str, outcome: Outcome, **headers: str) -> Fault:
    return Fault(f"{status[:3]}, {how}", outcome, lambda right: [right.refusal(status, **headers)])


def _dated(how: str, status: str, outcome: Outcome, seconds: float, clock: float = 0.0) -> Fault:
    """Asks to come back at a date, by a clock that may be wrong."""
    return Fault(
        f"{status[:3]}, `Retry-After`: {how}",
        outcome,
        lambda right: [right.refusal(status, Date=_date(clock), Retry_After=_date(clock + seconds))],
    )


def _retry_after(value: str, *outcomes: Outcome) -> list[Fault]:
    """A 429 and a 503 that ask for that."""
    how = f"`Retry-After: {_shown(value)}`"
    return [_asks(how, *each, Retry_After=value) for each in zip((REFUSED, AWAY), outcomes, strict=True)]


def _reset(value: str, header: str = "RateLimit-Reset") -> list[Fault]:
    """A reset header: a 429 waits for it, for one window at most, and it says nothing about a 503."""
    how = f"`{header}: {_shown(value)}`"
    headers = {header.replace("-", "_"): value}
    return [_asks(how, REFUSED, WAITS, **headers), _asks(how, AWAY, AGAIN, **headers)]


def _shown(value: str) -> str:
    return value if len(value) < 20 or not value.isdecimal() else f"{value[:3]}… ({len(value)} digits)"


WAITING = (
    *chain.from_iterable(_retry_after(value, WAITS, AGAIN) for value in (*SANE, *NONSENSE)),
    *chain.from_iterable(_retry_after(value, CLOSED, AT_ONCE) for value in TOO_LONG),
    _dated("a date in a second", REFUSED, WAITS, 1),
    _dated("a date in a second", AWAY, AGAIN, 1),
    _dated("a date in a second, by a wrong clock", REFUSED, WAITS, 1, clock=-1e7),
    _dated("a date in a second, by a wrong clock", AWAY, AGAIN, 1, clock=1e7),
    _dated("a date in an hour", REFUSED, CLOSED, 3600),
    _dated("a date in an hour", AWAY, AT_ONCE, 3600),
    _dated("a date that has passed", REFUSED, WAITS, -60),
    _dated("a date that has passed", AWAY, AGAIN, -60),
    *chain.from_iterable(_reset(value) for value in ("1", "3000", "-1", "later", "", "9" * 400, "1e3")),
    *chain.from_iterable(
        _reset(value, "X-RateLimit-Reset") for value in ("1", "1700000000", "4102444800000")
    ),
    _asks("`Retry-After: 1` and `RateLimit-Reset: 9`", REFUSED, WAITS, Retry_After="1", RateLimit_Reset="9"),
    _asks("`Retry-After` twice", REFUSED, WAITS, Retry_After="1\r\nRetry-After: soon"),
)

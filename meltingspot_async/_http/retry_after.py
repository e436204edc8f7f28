"""How long the service asks to wait, read from the headers of an answer and never believed blindly. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..rate_limit import DOCUMENTED_LIMITS

MAX_RETRY_AFTER = 86_400.0
"""Seconds that a ``Retry-After`` counts for at most: after a day, a request finds out whether it still holds."""

MAX_RESET = min(limit.per for limit in DOCUMENTED_LIMITS)
"""Seconds that a reset header counts for at most: one shortest window. Only ``Retry-After`` can ask for more."""

_NONSENSE = 1e9
"""Seconds above which a ``Retry-After`` (30 years) is ignored, and a reset header is a Unix time."""

_NONSENSE_TIME = 1e11
"""A reset header above this is a Unix time in milliseconds; in seconds it would be the year 5138."""

_SECONDS = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


def retry_after(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the service asks to wait, or ``None`` if it does not ask, or asks for nonsense.

    ``Retry-After`` is read first (RFC 9110: seconds, or a date), up to ``MAX_RETRY_AFTER``. Without it, and on a 429
    only, ``RateLimit-Reset`` and ``X-RateLimit-Reset`` are read (seconds, or a Unix time in seconds or milliseconds:
    all are in use), up to ``MAX_RESET``: many services send them with every answer, where they say nothing about the
    next attempt. None of them is documented for MeltingSpot. A date is compared with the answer's own ``Date`` if
    there is one, so that a wrong clock here does not matter. A negative number, a past date and anything else are
    ignored.

    :param headers: of the answer; names are looked up case-insensitively.
    :param now: the time here, aware, for answers without a ``Date``.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    there = _date(lowered.get("date", "")) or now
    asked = _seconds(lowered.get("retry-after", ""), there)
    if asked is not None:
        return asked
    if status != 429:
        return None
    resets = (_reset(lowered.get(name, ""), there) for name in ("ratelimit-reset", "x-ratelimit-reset"))
    return next((reset for reset in resets if reset is not None), None)


def _seconds(text: str, there: datetime) -> float | None:
    """What a ``Retry-After`` asks for."""
    if _SECONDS.fullmatch(text):
        wait = float(text)
    elif (date := _date(text)) is not None and date > there:
        wait = (date - there).total_seconds()
    else:
        return None
    return min(wait, MAX_RETRY_AFTER) if wait < _NONSENSE else None


def _reset(text: str, there: datetime) -> float | None:
    """What a reset header asks for."""
    if not _SECONDS.fullmatch(text):
        return None
    reset = float(text)
    if reset >= _NONSENSE_TIME:
        reset /= 1_000.0
    wait = reset if reset < _NONSENSE else reset - there.timestamp()
    return min(wait, MAX_RESET) if wait >= 0 else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)

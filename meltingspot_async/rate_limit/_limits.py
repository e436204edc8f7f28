"""What a key may send."""

from __future__ import annotations

import attrs

from .._validation import positive, whole_positive

HOUR = 3_600.0
"""Seconds; of a limit shorter than this, BULK takes its slots at a steady pace."""

DAY = 86_400.0
"""Seconds; a limit this long is an allowance, which callers do not wait for."""


@attrs.frozen
class RateLimit:
    """At most ``requests`` requests in any window of ``per`` seconds.

    MeltingSpot documents 100 per 10 s and 50,000 per day (configuration page of its API reference).
    """

    requests: int = attrs.field(validator=whole_positive)
    per: float = attrs.field(validator=positive)


DOCUMENTED_LIMITS: tuple[RateLimit, ...] = (RateLimit(100, per=10.0), RateLimit(50_000, per=DAY))
"""What a key may send (configuration page of the API reference)."""

"""What is retried, and after how long. Pure: no I/O, no clock, no random numbers of its own."""

from __future__ import annotations

import attrs

from .._validation import not_negative, whole_positive
from ..errors import ApiError, InvalidResponseError, TransportError
from .retry_after import MAX_RESET

AttemptFailure = ApiError | TransportError | InvalidResponseError
"""How an attempt fails, so that another may succeed. An answer is invalid in this sense if it is about another item."""

RETRYABLE_STATUSES = frozenset({408, 425, 500, 502, 503, 504, *range(520, 525), 529, 530})
"""Statuses that say "not now" rather than "no": those of RFC 9110 and RFC 8470, and those with which the proxies of
content networks say that the service behind them is away for a moment. So does 429, which has its own rule.
"""

EARNED_BY_SUCCESS = 0.5
"""Retries that one success pays for: up to a third of all requests may fail without the budget shrinking."""

MAX_ROUNDING = 0.25
"""Seconds that are added, at random, to a wait that the service asked for in whole seconds: it may have rounded them
down, and callers that wait for the same second should not all return in the same moment.
"""


LEAST_PAUSE = 0.1
"""Seconds that the key pauses after a 429 at least."""


def _rounded(asked: float, jitter: float) -> float:
    return asked + jitter * MAX_ROUNDING if asked.is_integer() else asked


@attrs.frozen
class RetryPolicy:
    """When to try again, and how long to wait before that.

    The statuses 408, 425, 500, 502 to 504, 520 to 524, 529 and 530, connection errors, timeouts of one attempt,
    truncated bodies and answers about another item are retried: every call is a GET, so that asking twice does no harm.
    What cannot help is not tried: a certificate that cannot be verified, a proxy that refuses. Before attempt n + 1 the
    client waits

        ``random() * min(backoff_max, backoff_base * 2 ** (n - 1))`` seconds,

    "full jitter": drawn after the cap, so that callers still spread when all of them have reached it. If the
    service asks for a longer wait (and for no longer than ``max_retry_after``), the client waits that long.

    A 429 is no failure: it pauses the key for as long as the service asks, or else for ``backoff_base`` seconds,
    doubled each time up to the limit's shortest window, and the call waits for its turn again. That uses up neither
    attempts nor budget.
    """

    attempts: int = attrs.field(default=5, validator=whole_positive)
    """Most requests sent for one call, the first included."""
    backoff_base: float = attrs.field(default=0.5, validator=not_negative)
    """Most seconds that the first wait lasts."""
    backoff_max: float = attrs.field(default=30.0, validator=not_negative)
    """Most seconds that the client waits by its own choice."""
    max_retry_after: float = attrs.field(default=60.0, validator=not_negative)
    """Seconds the service may ask us to wait; a longer Retry-After fails the call at once."""
    max_throttled: float = attrs.field(default=300.0, validator=not_negative)
    """Seconds a call lets itself be turned away by 429s: the pauses that its own refusals began, added up. Beyond it
    the call fails with :class:`~meltingspot_async.RateLimitError`; with 0, at its first 429."""
    budget: float = attrs.field(default=100.0, validator=not_negative)
    """Retries that may be spent beyond what successes earn, over all calls of a client; see
    the docstring of ``RetryBudget``."""

    def backoff(self, attempt: int, jitter: float) -> float:
        """Seconds to wait after attempt number ``attempt`` (from 1) when the service names no time.

        :param jitter: a random number in [0, 1).
        """
        return jitter * min(self.backoff_max, self.backoff_base * 2.0 ** min(attempt - 1, 64))

    def wait(self, asked: float | None, attempt: int, jitter: float) -> float:
        """Seconds to wait after attempt number ``attempt``: the back-off, or longer if the service asks for it.

        :param asked: seconds the service asked for.
        :param jitter: a random number in [0, 1).
        """
        backoff = self.backoff(attempt, jitter)
        return backoff if asked is None else max(backoff, _rounded(asked, jitter))

    def pause(self, asked: float | None, refusals: int, jitter: float) -> float:
        """Seconds for which a 429 makes the whole key pause: our own back-off, or longer if the service asks for it.

        :param asked: seconds the service asked for.
        :param refusals: 429s that the call got before.
        :param jitter: a random number in [0, 1).
        """
        own = min(MAX_RESET, max(self.backoff_base, LEAST_PAUSE) * 2.0 ** min(refusals, 64))
        return own if asked is None else max(own, _rounded(asked, jitter))

    def retries(self, failure: ApiError | TransportError | InvalidResponseError, attempt: int) -> bool:
        """Whether to try again after attempt number ``attempt`` (from 1) ended like this."""
        if attempt >= self.attempts:
            return False
        if isinstance(failure, TransportError):
            return not failure.lasting
        if isinstance(failure, InvalidResponseError):
            return True
        asked = failure.retry_after or 0.0
        return failure.status in RETRYABLE_STATUSES and asked <= self.max_retry_after


@attrs.define
class RetryBudget:
    """Keeps an outage from being amplified: retries are spent, and successes earn them back.

    While everything fails, all calls of a client together retry ``RetryPolicy.budget`` times and then fail at
    their first error; each success earns half a retry. (The idea is that of the retry quota in AWS's SDKs.)
    """

    overdrawn: float = 0.0

    def spend(self, budget: float) -> bool:
        """Pay for one retry, if the budget still allows it."""
        if self.overdrawn + 1.0 > budget:
            return False
        self.overdrawn += 1.0
        return True

    def earn(self) -> None:
        """Count a success."""
        self.overdrawn = max(0.0, self.overdrawn - EARNED_BY_SUCCESS)

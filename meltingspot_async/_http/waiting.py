"""How long a call waits between two attempts, or the error that it ends with."""

from __future__ import annotations

import random

from ..errors import ApiError, QuotaExhaustedError, RateLimitError
from ..events import RetryScheduled, logger
from .call import Call
from .reporter import Reporter
from .retry import AttemptFailure, RetryBudget, RetryPolicy


def wait_before_next_attempt(
    call: Call, failure: AttemptFailure, policy: RetryPolicy, budget: RetryBudget, reporter: Reporter
) -> float:
    """Seconds until it is time for the call's next attempt; raises if there is to be none."""
    if isinstance(failure, RateLimitError):
        return _wait_again(call, failure, policy, reporter)
    return _back_off(call, failure, policy, budget, reporter)


def _wait_again(call: Call, refusal: RateLimitError, policy: RetryPolicy, reporter: Reporter) -> float:
    """Take a 429 as what it is: not a failure, but a wait for the whole key. If the limiter keeps it, it is 0 here."""
    if refusal.retry_after is not None and refusal.retry_after > policy.max_retry_after:
        raise QuotaExhaustedError(refusal.retry_after) from refusal
    pause = policy.pause(refusal.retry_after, call.refusals, 0.0)
    if call.throttled + pause > policy.max_throttled:
        raise refusal
    reporter.report(RetryScheduled(call.id, call.path, call.attempt, "429", pause))
    call.refused(pause)
    if refusal.pause is None:
        return 0.0
    if not call.has_time_for(refusal.pause):
        raise call.exceeded(refusal.pause) from refusal
    return refusal.pause


def _back_off(
    call: Call, failure: AttemptFailure, policy: RetryPolicy, budget: RetryBudget, reporter: Reporter
) -> float:
    """Seconds until a failure may be over."""
    if not policy.retries(failure, call.tries):
        raise failure
    asked = failure.retry_after if isinstance(failure, ApiError) else None
    wait = policy.wait(asked, call.tries, random.random())
    if not call.has_time_for(wait):
        raise call.exceeded(wait) from failure
    if not budget.spend(policy.budget):
        logger.warning("GET %s: not tried again, the retry budget is used up", call.path)
        raise failure
    reason = str(failure.status) if isinstance(failure, ApiError) else type(failure).__name__
    reporter.report(RetryScheduled(call.id, call.path, call.attempt, reason, wait))
    call.attempt += 1
    return wait

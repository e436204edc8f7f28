"""The wait between two attempts of a call, or the error that it ends with."""

from __future__ import annotations

import asyncio
import random

from ..errors import ApiError, QuotaExhaustedError, RateLimitError
from ..events import RetryScheduled, logger
from .call import Call
from .reporter import Reporter
from .retry import AttemptFailure, RetryBudget, RetryPolicy


async def wait_for_next_attempt(
    call: Call, failure: AttemptFailure, policy: RetryPolicy, budget: RetryBudget, reporter: Reporter
) -> None:
    """Wait until it is time for the call's next attempt, or raise if there is to be none."""
    if isinstance(failure, RateLimitError):
        await _wait_again(call, failure, policy, reporter)
    else:
        await _back_off(call, failure, policy, budget, reporter)


async def _wait_again(call: Call, refusal: RateLimitError, policy: RetryPolicy, reporter: Reporter) -> None:
    """Take a 429 as what it is: not a failure, but a wait for the whole key. The limiter keeps it, if it can."""
    if refusal.retry_after is not None and refusal.retry_after > policy.max_retry_after:
        raise QuotaExhaustedError(refusal.retry_after) from refusal
    pause = policy.pause(refusal.retry_after, call.refusals, 0.0)
    if call.throttled + pause > policy.max_throttled:
        raise refusal
    reporter.report(RetryScheduled(call.id, call.path, call.attempt, "429", pause))
    call.refused(pause)
    if refusal.pause is not None:
        if not call.has_time_for(refusal.pause):
            raise call.exceeded(refusal.pause) from refusal
        await asyncio.sleep(refusal.pause)


async def _back_off(
    call: Call, failure: AttemptFailure, policy: RetryPolicy, budget: RetryBudget, reporter: Reporter
) -> None:
    """Wait until a failure may be over."""
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
    await asyncio.sleep(wait)

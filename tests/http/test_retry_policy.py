"""What is retried, and after how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    ApiError,
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
    TransportError,
    UsageError,
)
from meltingspot_async._http.retry import MAX_ROUNDING, RETRYABLE_STATUSES, RetryBudget


@given(
    attempt=st.integers(1, 10_000),
    jitter=st.floats(0, 1, exclude_max=True),
    base=st.floats(0, 100),
    cap=st.floats(0, 1_000),
)
def test_backoff_grows_up_to_its_cap_and_keeps_its_jitter(
    attempt: int, jitter: float, base: float, cap: float
) -> None:
    """The wait is the jitter's share of min(cap, base * 2 ** (n - 1)), at the cap too."""
    policy = RetryPolicy(backoff_base=base, backoff_max=cap)
    ceiling = min(cap, base * 2.0 ** min(attempt - 1, 64))
    assert policy.backoff(attempt, jitter) == jitter * ceiling
    assert policy.backoff(attempt, 0.0) == 0.0


@pytest.mark.parametrize(
    ("base", "asked", "refusals", "pause"),
    [
        (0.5, None, 0, 0.5),
        (0.5, None, 1, 1.0),
        (0.5, None, 4, 8.0),
        (0.5, None, 5, 10.0),
        (0.5, None, 10_000, 10.0),
        (1e-6, None, 10_000, 10.0),
        (0.0, None, 0, 0.1),
        (0.0, None, 1, 0.2),
        (0.5, 0.3, 0, 0.5),
        (0.5, 7.5, 0, 7.5),
        (0.5, 7.0, 0, 7.0),
        (0.5, 7.0, 5, 10.0),
    ],
)
def test_pause_of_the_key_doubles_up_to_the_shortest_window(
    base: float, asked: float | None, refusals: int, pause: float
) -> None:
    """A 429 pauses for backoff_base, a tenth of a second at least, doubled each time, or as long as is asked."""
    assert RetryPolicy(backoff_base=base).pause(asked, refusals, 0.0) == pytest.approx(pause)


def test_whole_seconds_of_a_pause_get_a_quarter_at_random() -> None:
    """Who waits for the same whole second does not return in the same moment."""
    assert RetryPolicy().pause(7.0, 0, 0.5) == RetryPolicy().wait(7.0, 1, 0.5) == 7.125


def test_retry_budget_is_spent_to_its_last_retry() -> None:
    """A budget of two pays for two retries from the beginning, and a new one for none if it is 0."""
    account = RetryBudget()
    assert [account.spend(2) for _ in range(3)] == [True, True, False]
    assert not RetryBudget().spend(0)


def test_only_transient_statuses_are_retried() -> None:
    """Timeouts, and failures of a server or of a proxy, are tried again, and no other status: a 429 is no failure."""
    retried = {status for status in range(300, 600) if RetryPolicy().retries(ApiError(status, "/"), 1)}
    assert retried == {408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530}
    assert retried == RETRYABLE_STATUSES


@pytest.mark.parametrize("failure", [TransportError("reset", "/"), RequestTimeoutError("late", "/")])
def test_connections_and_timeouts_are_retried(failure: TransportError) -> None:
    """An attempt without a complete answer is tried again."""
    assert RetryPolicy().retries(failure, 1)


@pytest.mark.parametrize("failure", [ServerError(503, "/"), TransportError("reset", "/")])
def test_attempts_are_counted(failure: ApiError | TransportError) -> None:
    """After the last attempt nothing is tried again."""
    policy = RetryPolicy(attempts=3)
    assert [policy.retries(failure, attempt) for attempt in (1, 2, 3, 4)] == [True, True, False, False]


def test_wait_is_the_longer_of_backoff_and_retry_after() -> None:
    """What the service asks for never shortens the back-off; whole seconds get a little random time on top."""
    policy = RetryPolicy()
    assert policy.wait(None, attempt=1, jitter=0.6) == 0.3
    assert policy.wait(7.5, attempt=1, jitter=0.6) == 7.5
    assert policy.wait(0.1, attempt=1, jitter=0.6) == 0.3
    assert policy.wait(0.0, attempt=1, jitter=0.6) == 0.3
    assert policy.wait(7.0, attempt=1, jitter=0.6) == 7.0 + 0.6 * MAX_ROUNDING


@given(st.none() | st.floats(0, 1e6), st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_wait_is_never_shorter_than_backoff_or_request(
    asked: float | None, attempt: int, jitter: float
) -> None:
    """For any wait asked for, the client waits at least that long, and at least its own back-off."""
    policy = RetryPolicy()
    wait = policy.wait(asked, attempt, jitter)
    assert policy.backoff(attempt, jitter) <= wait
    assert (asked or 0.0) <= wait <= max(policy.backoff_max, (asked or 0.0) + MAX_ROUNDING)


def test_retry_after_beyond_the_maximum_fails_at_once() -> None:
    """A Retry-After above max_retry_after is not waited for."""
    policy = RetryPolicy(max_retry_after=60.0)
    assert policy.retries(ServerError(503, "/", retry_after=60.0), 1)
    assert not policy.retries(ServerError(503, "/", retry_after=60.1), 1)


@given(st.lists(st.booleans(), max_size=400), st.integers(0, 20))
def test_retry_budget_bounds_the_cost_of_an_outage(outcomes: list[bool], budget: int) -> None:
    """Retries never exceed the budget plus half of the successes."""
    account, spent = RetryBudget(), 0
    for number, success in enumerate(outcomes, 1):
        if success:
            account.earn()
        elif account.spend(budget):
            spent += 1
        assert spent <= budget + 0.5 * sum(outcomes[:number])


def test_retry_budget_earned_back_can_be_spent_again() -> None:
    """Two successes pay for one retry, and successes do not pile up beyond the budget."""
    account = RetryBudget()
    account.earn()
    assert [account.spend(1), account.spend(1)] == [True, False]
    account.earn()
    assert not account.spend(1)
    account.earn()
    assert account.spend(1)


@pytest.mark.parametrize(
    "option",
    [
        {"attempts": 0},
        {"attempts": 2.5},
        {"backoff_base": -1},
        {"backoff_max": float("nan")},
        {"max_retry_after": "60"},
        {"max_throttled": -1},
        {"budget": -1},
        {"budget": True},
    ],
    ids=str,
)
def test_impossible_policy_is_refused(option: dict[str, float]) -> None:
    """An option of the wrong kind is refused where it is given, by name."""
    with pytest.raises(UsageError, match=next(iter(option))):
        RetryPolicy(**option)  # type: ignore[arg-type]

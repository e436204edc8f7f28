"""Random histories of failures and refusals, beside a reference of attempts, back-off and pauses."""

from __future__ import annotations

import itertools
import random

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meltingspot_async import CourseParticipant, RetryPolicy
from meltingspot_async.testing import Answer, FakeMeltingSpot

from ..support.calls import outcome, serving
from ..support.clock import run_virtual
from ..support.course import WIDE
from ..support.limiters import NoLimit
from ..support.thorough import THOROUGH, thorough

pytestmark = thorough

ATTEMPTS, BASE, MOST, ASKED_AT_MOST, THROTTLED_AT_MOST = 3, 1.0, 3.0, 20.0, 30.0
POLICY = RetryPolicy(
    attempts=ATTEMPTS,
    backoff_base=BASE,
    backoff_max=MOST,
    max_retry_after=ASKED_AT_MOST,
    max_throttled=THROTTLED_AT_MOST,
)


@attrs.frozen
class Failing:
    """One answer that is no success."""

    status: int
    asks: float | None

    def answer(self) -> Answer:
        return Answer(self.status, headers={} if self.asks is None else {"Retry-After": str(self.asks)})


def expected(history: list[Failing], drawn: float) -> tuple[list[float], str]:
    """The waits between the attempts of a call, and what it ends with. Half seconds are never rounded."""
    waits: list[float] = []
    failures = refusals = 0
    throttled = 0.0
    for each in history:
        asked = each.asks or 0.0
        if each.status == 429:
            wait = max(asked, min(10.0, BASE * 2**refusals))
            refusals, throttled = refusals + 1, throttled + wait
            if asked > ASKED_AT_MOST:
                return waits, "QuotaExhaustedError"
            if throttled > THROTTLED_AT_MOST:
                return waits, "RateLimitError"
        else:
            wait = max(asked, drawn * min(MOST, BASE * 2**failures))
            failures += 1
            if failures == ATTEMPTS or asked > ASKED_AT_MOST:
                return waits, "ServerError"
        waits.append(wait)
    return waits, "CourseParticipant"


@given(
    history=st.lists(
        st.builds(Failing, st.sampled_from([503, 429]), st.sampled_from([None, 0.5, 2.5, 9.5, 19.5, 20.5])),
        max_size=7,
    ),
    drawn=st.sampled_from([0.0, 0.25, 0.75]),
)
@settings(max_examples=1_000 if THOROUGH else 15, suppress_health_check=[HealthCheck.too_slow])
def test_waits_and_end_of_a_call_are_those_of_the_reference(history: list[Failing], drawn: float) -> None:
    """Whatever a service answers, and in whatever order, attempts are as many, and as far apart, as they should be."""

    async def main() -> None:
        async with serving(FakeMeltingSpot(limits=[WIDE]), retry=POLICY, limiter=NoLimit()) as (fake, client):
            fake.fail(*(each.answer() for each in history))
            ended = await outcome(client)
            waits, end = expected(history, drawn)
            times = [request.at for request in fake.received]
        assert isinstance(ended, CourseParticipant) == (end == "CourseParticipant")
        assert type(ended).__name__ == end
        assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx(waits, abs=0.1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random, "random", lambda: drawn)
        run_virtual(main())

"""How long the service asks to wait, as its headers say in many forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async._http.retry_after import MAX_RETRY_AFTER, retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NUMBERS = (st.integers() | st.floats()).map(str)


def http_date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "\N{ARABIC-INDIC DIGIT SEVEN}"}, None),
        ({"Retry-After": "90000"}, 86_400.0),
        ({"Retry-After": http_date(200_000)}, 86_400.0),
        ({"Retry-After": "9" * 12}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": http_date(30)}, 30.0),
        ({"Retry-After": http_date(-30)}, None),
        ({"Retry-After": http_date(0)}, None),
        ({"Retry-After": "999999999"}, 86_400.0),
        ({"Retry-After": "1000000000"}, None),
        ({"RateLimit-Reset": "0"}, 0.0),
        ({"RateLimit-Reset": "999999999"}, 10.0),
        ({"RateLimit-Reset": "1000000000"}, None),
        ({"RateLimit-Reset": str(int(NOW.timestamp()))}, 0.0),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30"}, 30.0),
        ({"Retry-After": "Sun, 99 Mar 2026 12:00:30 GMT"}, None),
        ({"Retry-After": f"Sun, 01 Mar {'9' * 20} 12:00:30 GMT"}, None),
        ({"Retry-After": http_date(90), "Date": http_date(60)}, 30.0),
        ({"Retry-After": http_date(30), "Date": "yesterday"}, 30.0),
        ({"RateLimit-Reset": "4"}, 4.0),
        ({"X-RateLimit-Reset": "4"}, 4.0),
        ({"X-RateLimit-Reset": str(NOW.timestamp() + 5)}, 5.0),
        ({"X-RateLimit-Reset": str(NOW.timestamp() + 25)}, 10.0),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp() * 1000) + 3_000)}, 3.0),
        ({"X-RateLimit-Reset": "3000"}, 10.0),
        ({"X-RateLimit-Reset": "9" * 400}, None),
        ({"X-RateLimit-Reset": str(NOW.timestamp() - 25)}, None),
        ({"X-RateLimit-Reset": "later"}, None),
        ({"Retry-After": "2", "RateLimit-Reset": "9"}, 2.0),
        ({"Retry-After": "soon", "RateLimit-Reset": "9", "X-RateLimit-Reset": "7"}, 9.0),
        ({"RateLimit-Reset": "later", "X-RateLimit-Reset": "7"}, 7.0),
    ],
)
def test_wait_headers_are_understood(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates (by the service's own clock) and reset headers are read; nonsense is ignored."""
    assert retry_after(429, headers, NOW) == seconds


@pytest.mark.parametrize("status", [404, 503])
def test_reset_headers_count_on_a_429_only(status: int) -> None:
    """On another answer a reset header is no wait, and a Retry-After is."""
    assert retry_after(status, {"X-RateLimit-Reset": "9", "RateLimit-Reset": "9"}, NOW) is None
    assert retry_after(status, {"X-RateLimit-Reset": "9", "Retry-After": "3"}, NOW) == 3.0


@given(
    st.sampled_from([404, 429, 503]),
    st.dictionaries(
        st.sampled_from(["Retry-After", "Date", "RateLimit-Reset", "X-RateLimit-Reset"]), NUMBERS | st.text()
    ),
)
def test_wait_is_bounded_whatever_the_headers_hold(status: int, headers: dict[str, str]) -> None:
    """Whatever stands in the headers, the wait is unknown, or from 0 to a day."""
    seconds = retry_after(status, headers, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER

"""The spans of calls and attempts, as an SDK receives them."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from opentelemetry.trace import StatusCode

from meltingspot_async import (
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Coalesced,
    NotFoundError,
    Priority,
    RateLimit,
    RetryPolicy,
    SlidingWindowLimiter,
    Throttled,
    otel,
)
from meltingspot_async.testing import Answer, Delay, Reset, make_activity

from ..support.calls import PATH, get, outcome, serving
from ..support.telemetry import Telemetry, attributes, ids, parent_ids

TEMPLATE = "/v1/courses/{course_id}/participants/{participant_id}"
NAME = f"GET {TEMPLATE}"


async def test_call_is_a_span_and_its_attempts_are_below() -> None:
    """A call that is retried and throttled is one span under the caller's, with a span for each attempt below it."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Answer(503), Answer(429, headers={"Retry-After": "3.5"}), Reset())
        with seen.tracer.start_as_current_span("page") as page:
            await client.course_participants.get("c", "participant-0")
        server = urlsplit(fake.base_url)
    (call,) = seen.calls
    assert parent_ids(call) == (page.get_span_context().trace_id, page.get_span_context().span_id)
    assert [parent_ids(attempt) for attempt in seen.attempts] == [ids(call)] * 4
    assert {span.name for span in [call, *seen.attempts]} == {NAME}
    common = {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "url.template": TEMPLATE,
        "url.full": f"{fake.base_url}{PATH}",
        "meltingspot.call_id": attributes(call)["meltingspot.call_id"],
    }
    told: list[dict[str, object]] = [
        {"http.response.status_code": 503, "error.type": "503"},
        {"http.response.status_code": 429, "error.type": "429", "http.request.resend_count": 1},
        {"error.type": "TransportError", "http.request.resend_count": 2},
        {"http.response.status_code": 200, "http.request.resend_count": 3},
    ]
    waits = [attributes(attempt)["meltingspot.wait"] for attempt in seen.attempts]
    assert [attributes(attempt) for attempt in seen.attempts] == [
        {**common, "meltingspot.priority": "interactive", "meltingspot.wait": wait, **outcome}
        for wait, outcome in zip(waits, told, strict=True)
    ]
    waited = attributes(call)["meltingspot.wait"]
    assert isinstance(waited, float)
    assert waited == pytest.approx(sum(w for w in waits if isinstance(w, float)))
    assert waited >= 3.5
    assert attributes(call) == {**common, "meltingspot.wait": waited, "http.response.status_code": 200}
    assert [span.status.status_code for span in [*seen.attempts, call]] == [StatusCode.ERROR] * 3 + [
        StatusCode.UNSET
    ] * 2
    assert [(event.name, (event.attributes or {}).get("error.type")) for event in call.events] == [
        ("meltingspot.retry", "503"),
        ("meltingspot.throttled", None),
        ("meltingspot.retry", "429"),
        ("meltingspot.retry", "TransportError"),
    ]


async def test_failed_call_is_an_error_with_its_name() -> None:
    """A call that fails says which exception it was, and the status of the answer."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (_, client):
        assert isinstance(await outcome(client, 999), NotFoundError)
    (call,) = seen.calls
    assert call.status.status_code is StatusCode.ERROR
    told = attributes(call)
    assert (told["http.response.status_code"], told["error.type"]) == (404, "NotFoundError")


async def test_wait_for_a_slot_is_told() -> None:
    """The seconds in the queue stand in the attempt's span, which begins after them."""
    seen = Telemetry()
    limiter = SlidingWindowLimiter([RateLimit(1, per=10.0)])
    async with serving(on_event=seen.observer, limiter=limiter) as (_, client):
        bulk = client.with_options(priority=Priority.BULK)
        await asyncio.gather(get(client, 0), get(bulk, 1))
    told = [attributes(attempt) for attempt in seen.attempts]
    assert [t["meltingspot.priority"] for t in told] == ["interactive", "bulk"]
    assert [t["meltingspot.wait"] for t in told] == [0.0, pytest.approx(10.0, abs=0.5)]


async def test_coalesced_call_links_to_the_one_it_joined() -> None:
    """Callers who share a request have a span each under their own, linked to the one that has the attempts."""
    seen = Telemetry()

    async def page(name: str) -> None:
        with seen.tracer.start_as_current_span(name):
            await client.course_participants.get("c", "participant-0")

    async with serving(on_event=seen.observer) as (_, client):
        await asyncio.gather(page("first"), page("second"))
    pages = {span.name: ids(span) for span in seen.spans if not span.name.startswith("GET ")}
    first, second = seen.calls
    assert [parent_ids(first), parent_ids(second)] == [pages["first"], pages["second"]]
    assert [parent_ids(attempt) for attempt in seen.attempts] == [ids(first)]
    assert [(link.context.trace_id, link.context.span_id) for link in second.links] == [ids(first)]


async def test_attempts_of_a_call_whose_caller_left_stay_below_it() -> None:
    """A request that others still wait for is told below the call that began it, though that one has ended."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "5"}))
        first = get(client)
        await asyncio.sleep(0)
        second = get(client)
        await asyncio.sleep(2.0)
        first.cancel()
        await second
    left, stayed = seen.calls
    assert attributes(left)["error.type"] == "CancelledError"
    assert [parent_ids(attempt) for attempt in seen.attempts] == [ids(left)] * 2
    assert [link.context for link in stayed.links] == [left.context]


async def test_pages_of_a_list_are_calls_below_the_program() -> None:
    """Each page of a list, read ahead or not, is a call below the span in which the list is iterated."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (_, client):
        with seen.tracer.start_as_current_span("report") as report:
            assert len([p async for p in client.course_participants.list("c", page_size=50)]) == 200
    context = report.get_span_context()
    assert len(seen.calls) >= 4
    assert {parent_ids(call) for call in seen.calls} == {(context.trace_id, context.span_id)}
    assert {call.name for call in seen.calls} == {"GET /v1/courses/{course_id}/participants"}


async def test_cancelled_call_ends_its_spans_without_an_error() -> None:
    """A call whose caller goes away ends its spans; it has not failed."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Delay(50.0))
        caller = get(client)
        await asyncio.sleep(2.0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        assert [attributes(span)["error.type"] for span in seen.spans] == ["CancelledError"] * 2
        assert {span.status.status_code for span in seen.spans} == {StatusCode.UNSET}


async def test_stopped_export_ends_its_spans() -> None:
    """An export that is left in the middle ends its spans."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.add_to("/v1/activities~export", *(make_activity(n) for n in range(9)))
        async with aclosing(
            client.activities.export(from_date=datetime(2026, 1, 1, tzinfo=UTC))
        ) as activities:
            async for _ in activities:
                break
    assert [span.name for span in seen.spans] == ["GET /v1/activities~export"] * 2


async def test_no_span_shows_key_query_or_email() -> None:
    """Neither an email in an id or a filter nor the key leaves the program."""
    seen = Telemetry()
    async with serving(on_event=seen.observer, retry=RetryPolicy(attempts=2)) as (fake, client):
        fake.fail(Answer(503, b'{"message": "grace@example.com fake-key"}'))
        await asyncio.gather(
            client.course_participants.get("grace@example.com", "henry@example.com"),
            client.course_participants.list("c", emails="grace@example.com").to_list(),
            client.get("/v1/surveys/grace%40example.com", params={"email": "grace@example.com"}),
            return_exceptions=True,
        )
    told = seen.text()
    assert f"{fake.base_url}/v1/courses/{{id}}/participants/{{id}}" in told
    assert "/v1/surveys/{survey_id}" in told
    assert not [word for word in ("grace", "henry", "example.com", "fake-key", "?", "%40") if word in told]


async def test_state_is_bounded_if_calls_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many calls are under way, the oldest span is ended: nothing grows without end, and no span is lost."""
    monkeypatch.setattr(otel, "MAX_UNDER_WAY", 10)
    seen = Telemetry()
    for number in range(30):
        seen.observer(CallStarted(str(number), "/v1/courses", "https://example.com"))
    assert [attributes(span)["meltingspot.call_id"] for span in seen.spans] == [str(n) for n in range(20)]
    for number in range(30):
        seen.observer(CallEnded(str(number), "/v1/courses", 200, None, 1.0))
    assert len(seen.spans) == 30


async def test_events_of_a_call_without_a_span_are_no_error() -> None:
    """What happens to a call whose span was ended early is still told: its attempts are spans of the caller's trace."""
    seen = Telemetry()
    path, url = "/v1/courses", "https://example.com"
    with seen.tracer.start_as_current_span("page") as page:
        for event in (
            AttemptStarted("1", path, url, 1, 0.0, "bulk"),
            AttemptFinished("1", path, url, 1, 429, None, 0.1),
            AttemptFinished("1", path, url, 2, 200, None, 0.1),
            Throttled("1", path, 1.0),
            Coalesced("1", path, "2"),
            CallEnded("1", path, 200, None, 1.0),
        ):
            seen.observer(event)
    context = page.get_span_context()
    (attempt,) = seen.attempts
    assert parent_ids(attempt) == (context.trace_id, context.span_id)
    assert attributes(attempt)["server.port"] == 443
    assert not seen.calls


async def test_nothing_is_kept_of_what_has_ended() -> None:
    """After all calls, however they ended, the observer holds no span."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Answer(503), Reset(), Delay(9.0), Answer(404))
        with suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                await asyncio.gather(*(get(client, n % 5) for n in range(50)), return_exceptions=True)
    gc.collect()
    spans = seen.observer._spans
    assert not spans._under_way
    assert not spans._attempts
    assert not spans._known

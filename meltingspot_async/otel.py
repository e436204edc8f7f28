"""Spans and metrics of a client's calls, by OpenTelemetry and its conventions for HTTP clients (extra ``otel``)."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import attrs

from ._redaction import shown_path
from ._version import __version__
from .events import (
    AttemptFinished,
    AttemptStarted,
    CallEnded,
    CallEvent,
    CallStarted,
    Coalesced,
    Event,
    FreshAnswer,
    InvalidItem,
    RetryScheduled,
    StaleAnswer,
    Throttled,
)

try:
    from opentelemetry.metrics import Meter, MeterProvider, get_meter
    from opentelemetry.trace import (
        Span,
        SpanKind,
        StatusCode,
        Tracer,
        TracerProvider,
        get_tracer,
        set_span_in_context,
    )
except ImportError as _missing:
    raise ImportError(
        "meltingspot_async.otel needs opentelemetry-api: pip install 'meltingspot-async[otel]'"
    ) from _missing

__all__ = ["OtelObserver", "url_filter"]

MAX_UNDER_WAY = 100_000
"""Calls that have an open span at once, at most. When one more begins, the oldest span is ended."""

DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds of a histogram's buckets, in seconds, that the conventions advise for requests."""

WAITS = (*DURATIONS, 30, 60, 300)
"""Bounds of a histogram's buckets, in seconds, where the limit makes wait."""

LEFT_BY_CALLER = frozenset({"CancelledError", "GeneratorExit"})
"""What a call ends with that nobody waits for any more. It has not failed."""

Labels = dict[str, str | int | float]


class OtelObserver:
    """Makes spans and metrics of what a client reports, to be given as its ``on_event``::

        client = MeltingSpotClient(api_key, on_event=OtelObserver())

    A call is a span, below the one that is current where it was made; its attempts are spans below that. Both are named
    ``GET`` and the template of the path. A call that joined the request of another one has a link to it instead of
    attempts. Neither a query nor an email nor the key is in any of them, and metrics hold no ids. One observer can
    serve several clients.

    :param tracer_provider: makes the spans. By default the global one, which makes none unless a program sets it up.
    :param meter_provider: makes the metrics; likewise.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._spans = _Spans(get_tracer("meltingspot_async", __version__, tracer_provider))
        self._metrics = _Metrics(get_meter("meltingspot_async", __version__, meter_provider))

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        self._spans.note(event)
        self._metrics.note(event)


def url_filter(url: object) -> str:
    """An address without its query, and with ``{id}`` for an id that is an email.

    For aiohttp's own instrumentation, whose spans show the whole address otherwise::

        from opentelemetry.instrumentation.aiohttp_client import create_trace_config

        traced = create_trace_config(url_filter=url_filter)
        async with aiohttp.ClientSession(trace_configs=[traced]) as session:
            client = MeltingSpotClient(api_key, session=session)
    """
    return shown_path(str(url))


@attrs.define(eq=False)
class _Call:
    """A call that is under way, or whose request others still wait for."""

    span: Span
    waited: float = 0.0
    """Seconds that its attempts waited for their slots."""
    joined: _Call | None = None
    """The call that began the request which this one waits for."""


class _Spans:
    """The spans of calls and attempts that are under way."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._under_way: dict[str, _Call] = {}
        self._known = WeakValueDictionary[str, _Call]()
        """Also those that have ended, as long as one that is under way has joined them."""
        self._attempts: dict[str, Span] = {}

    def note(self, event: Event) -> None:
        match event:
            case CallStarted():
                self._start_call(event)
            case AttemptStarted():
                self._start_attempt(event)
            case AttemptFinished():
                span = self._attempts.pop(event.call_id, None)
                if span is not None:
                    _end(span, event.status, _failure(event))
            case RetryScheduled():
                self._add(event, "retry", {"error.type": event.reason, "meltingspot.delay": event.delay})
            case Throttled():
                self._add(event, "throttled", {"meltingspot.pause": event.pause})
            case Coalesced():
                self._link(event)
            case CallEnded():
                self._end_call(event)
            case _:
                pass

    def _start_call(self, event: CallStarted) -> None:
        labels = _request(event) | _shown(event)
        call = _Call(self._tracer.start_span(f"GET {event.template}", attributes=labels))
        if len(self._under_way) >= MAX_UNDER_WAY:
            oldest = next(iter(self._under_way))
            self._under_way.pop(oldest).span.end()
        self._under_way[event.call_id] = self._known[event.call_id] = call

    def _start_attempt(self, event: AttemptStarted) -> None:
        call = self._known.get(event.call_id)
        labels = _request(event) | _shown(event)
        labels |= {"meltingspot.priority": event.priority, "meltingspot.wait": event.waited}
        if event.attempt > 1:
            labels["http.request.resend_count"] = event.attempt - 1
        parent = None
        if call is not None:
            call.waited += event.waited
            call.joined = None
            parent = set_span_in_context(call.span)
        self._attempts[event.call_id] = self._tracer.start_span(
            f"GET {event.template}", parent, SpanKind.CLIENT, labels
        )

    def _add(self, event: CallEvent, name: str, labels: Labels) -> None:
        call = self._under_way.get(event.call_id)
        if call is not None:
            call.span.add_event(f"meltingspot.{name}", labels)

    def _link(self, event: Coalesced) -> None:
        call, other = self._under_way.get(event.call_id), self._known.get(event.joined)
        if call is not None and other is not None:
            call.joined = other
            call.span.add_link(other.span.get_span_context())

    def _end_call(self, event: CallEnded) -> None:
        call = self._under_way.pop(event.call_id, None)
        if call is not None:
            call.span.set_attribute("meltingspot.wait", call.waited)
            _end(call.span, event.status, event.error)


class _Metrics:
    """Counts and durations, by template and outcome only."""

    def __init__(self, meter: Meter) -> None:
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Time from sending a request to the end of its answer.",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        self._calls = meter.create_histogram(
            "meltingspot.call.duration",
            "s",
            "Time of a whole call, every wait included.",
            explicit_bucket_boundaries_advisory=WAITS,
        )
        self._waits = meter.create_histogram(
            "meltingspot.wait.duration",
            "s",
            "Time that a request waited for its slot.",
            explicit_bucket_boundaries_advisory=WAITS,
        )
        self._counters = {
            kind: meter.create_counter(f"meltingspot.{name}", unit, description)
            for kind, (name, unit, description) in COUNTED.items()
        }

    def note(self, event: Event) -> None:
        match event:
            case AttemptStarted():
                labels = _endpoint(event) | {"meltingspot.priority": event.priority}
                self._waits.record(event.waited, labels)
            case AttemptFinished():
                labels = _request(event) | _outcome(event.status, _failure(event))
                self._requests.record(event.duration, labels)
            case CallEnded():
                self._calls.record(event.duration, _endpoint(event) | _outcome(event.status, event.error))
            case RetryScheduled():
                self._count(event, {"error.type": event.reason})
            case StaleAnswer():
                self._count(event, {"error.type": event.error})
            case Throttled() | Coalesced() | FreshAnswer() | InvalidItem():
                self._count(event, {})
            case _:
                pass

    def _count(self, event: CallEvent | InvalidItem, labels: Labels) -> None:
        self._counters[type(event)].add(1, _endpoint(event) | labels)


COUNTED: dict[type[CallEvent | InvalidItem], tuple[str, str, str]] = {
    Throttled: ("refusals", "{request}", "Requests that the service refused with a 429."),
    RetryScheduled: (
        "retries",
        "{request}",
        "Attempts that failed or were refused, and that another one followed.",
    ),
    Coalesced: ("coalesced", "{call}", "Calls that joined a request under way."),
    FreshAnswer: ("fresh", "{answer}", "Answers that were given again within max_age."),
    StaleAnswer: ("stale", "{answer}", "Older answers that were given in place of an error."),
    InvalidItem: ("invalid_items", "{item}", "Items of lists that were not as documented."),
}
"""The events that are counted, each with the name, unit and description of its counter."""


@lru_cache(maxsize=100)
def _server(base_url: str) -> Labels:
    address = urlsplit(base_url)
    return {
        "server.address": address.hostname or "",
        "server.port": address.port or {"http": 80}.get(address.scheme, 443),
    }


def _endpoint(event: CallEvent | InvalidItem) -> Labels:
    return {"url.template": event.template}


def _request(event: CallStarted | AttemptStarted | AttemptFinished) -> Labels:
    return {"http.request.method": "GET", **_server(event.base_url), "url.template": event.template}


def _shown(event: CallStarted | AttemptStarted) -> Labels:
    """What only spans show: it has too many values for a metric."""
    return {"url.full": event.base_url + event.path, "meltingspot.call_id": event.call_id}


def _outcome(status: int | None, error: str | None) -> Labels:
    outcome: Labels = {}
    if status is not None:
        outcome["http.response.status_code"] = status
    if error is not None:
        outcome["error.type"] = error
    return outcome


def _failure(event: AttemptFinished) -> str | None:
    """What the conventions call the type of a request's error: the exception, or a status of 400 and above."""
    if event.error is None and event.status is not None and event.status >= 400:
        return str(event.status)
    return event.error


def _end(span: Span, status: int | None, error: str | None) -> None:
    for name, value in _outcome(status, error).items():
        span.set_attribute(name, value)
    if error is not None and error not in LEFT_BY_CALLER:
        span.set_status(StatusCode.ERROR)
    span.end()

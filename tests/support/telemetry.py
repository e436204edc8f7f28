"""An observer whose spans and metrics are kept in memory, by the OpenTelemetry SDK."""

from __future__ import annotations

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from meltingspot_async.otel import OtelObserver


class Telemetry:
    """What an observer makes of the events it gets."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.observer = OtelObserver(self.tracer_provider, self.meter_provider)
        self.tracer = self.tracer_provider.get_tracer("the program")

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in the order in which they did."""
        return list(self._exporter.get_finished_spans())

    @property
    def calls(self) -> list[ReadableSpan]:
        """The spans of calls."""
        return [s for s in self.spans if s.kind is SpanKind.INTERNAL and s.name.startswith("GET ")]

    @property
    def attempts(self) -> list[ReadableSpan]:
        """The spans of attempts."""
        return [s for s in self.spans if s.kind is SpanKind.CLIENT]

    def points(self, name: str) -> list[NumberDataPoint | HistogramDataPoint]:
        """What a metric was recorded as, one point for each of its labels' values."""
        data = self._reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
            if metric.name == name and isinstance(point, NumberDataPoint | HistogramDataPoint)
        ]

    def text(self) -> str:
        """Everything that leaves the program."""
        metrics = self._reader.get_metrics_data()
        return "".join([*(span.to_json() for span in self.spans), metrics.to_json() if metrics else ""])


def ids(span: ReadableSpan) -> tuple[int, int]:
    """Trace and id of a span."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent_ids(span: ReadableSpan) -> tuple[int, int] | None:
    """Trace and id of the span above."""
    return None if span.parent is None else (span.parent.trace_id, span.parent.span_id)


def attributes(span: ReadableSpan) -> dict[str, object]:
    """What a span says."""
    return dict(span.attributes or {})

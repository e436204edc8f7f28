"""OpenTelemetry is an extra, and lives beside aiohttp's own instrumentation."""

from __future__ import annotations

import importlib
import subprocess
import sys
from contextlib import suppress

import aiohttp
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor, create_trace_config
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from meltingspot_async import NotFoundError
from meltingspot_async.otel import url_filter

from ..support.calls import serving


def test_package_does_not_import_opentelemetry() -> None:
    """Whoever does not ask for spans and metrics never loads OpenTelemetry."""
    script = "import sys, meltingspot_async; print([m for m in sys.modules if m.startswith('opentelemetry')])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry, importing the observer names the extra, with the command."""
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "meltingspot_async.otel")
    with pytest.raises(ImportError, match=r"pip install 'meltingspot-async\[otel\]'"):
        importlib.import_module("meltingspot_async.otel")


@pytest.mark.parametrize("for_all_sessions", [True, False])
async def test_spans_of_aiohttp_show_no_email_with_our_filter(*, for_all_sessions: bool) -> None:
    """The instrumentation of aiohttp, given our filter, shows neither a query nor an id that is an email."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    if for_all_sessions:
        AioHttpClientInstrumentor().instrument(tracer_provider=provider, url_filter=url_filter)
    try:
        traced = [] if for_all_sessions else [create_trace_config(url_filter, tracer_provider=provider)]
        async with (
            aiohttp.ClientSession(trace_configs=traced) as session,
            serving(session=None if for_all_sessions else session) as (fake, client),
        ):
            await client.course_participants.list("c", emails="grace@example.com").to_list()
            await client.spot_members.list(emails="grace@example.com").to_list()
            with suppress(NotFoundError):
                await client.course_participants.list("henry@example.com").to_list()
    finally:
        if for_all_sessions:
            AioHttpClientInstrumentor().uninstrument()
    spans = exporter.get_finished_spans()
    assert len(spans) == len(fake.received)
    told = "".join(span.to_json() for span in spans)
    assert f'"{fake.base_url}/v1/courses/c/participants"' in told
    assert f'"{fake.base_url}/v1/courses/{{id}}/participants"' in told
    assert not [word for word in ("grace", "henry", "example.com", "?", fake.api_key) if word in told]

"""The metrics of a client, as an SDK receives them."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry.sdk.metrics.export import HistogramDataPoint, NumberDataPoint

from meltingspot_async import Freshness, InvalidItemsError
from meltingspot_async.testing import Answer, Reset

from ..support.calls import get, serving
from ..support.telemetry import Telemetry

ITEM = "/v1/courses/{course_id}/participants/{participant_id}"
LIST = "/v1/courses/{course_id}/participants"


def counts(seen: Telemetry, name: str, *labels: str) -> dict[tuple[object, ...], float]:
    """How often a metric was recorded, by the values of these labels."""
    found: dict[tuple[object, ...], float] = {}
    for point in seen.points(name):
        key = tuple((point.attributes or {}).get(label) for label in labels)
        found[key] = point.value if isinstance(point, NumberDataPoint) else point.count
    return found


async def test_requests_are_counted_by_template_and_outcome() -> None:
    """Requests, waits, retries, refusals, coalesced calls and whole calls are counted, whatever the ids."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Answer(503), Answer(429, headers={"Retry-After": "3.5"}), Reset())
        await get(client)
        await asyncio.gather(*(get(client, number) for number in (1, 2, 2)))
        await client.course_participants.list("c").first()
        await asyncio.gather(get(client, 999), return_exceptions=True)
    status = ("url.template", "http.response.status_code", "error.type")
    assert counts(seen, "http.client.request.duration", *status) == {
        (ITEM, 503, "503"): 1,
        (ITEM, 429, "429"): 1,
        (ITEM, None, "TransportError"): 1,
        (ITEM, 200, None): 3,
        (ITEM, 404, "404"): 1,
        (LIST, 200, None): 1,
    }
    assert counts(seen, "meltingspot.call.duration", *status) == {
        (ITEM, 200, None): 4,
        (ITEM, 404, "NotFoundError"): 1,
        (LIST, 200, None): 1,
    }
    assert counts(seen, "meltingspot.wait.duration", "url.template", "meltingspot.priority") == {
        (ITEM, "interactive"): 7,
        (LIST, "bulk"): 1,
    }
    assert counts(seen, "meltingspot.retries", "url.template", "error.type") == {
        (ITEM, "503"): 1,
        (ITEM, "429"): 1,
        (ITEM, "TransportError"): 1,
    }
    assert counts(seen, "meltingspot.refusals", "url.template") == {(ITEM,): 1}
    assert counts(seen, "meltingspot.coalesced", "url.template") == {(ITEM,): 1}


async def test_answers_that_are_given_again_are_counted() -> None:
    """Fresh answers are counted by endpoint, stale ones also by the error in whose place they were given."""
    seen = Telemetry()
    async with serving(on_event=seen.observer, freshness=Freshness()) as (fake, client):
        await get(client)
        await get(client)
        await asyncio.sleep(31.0)
        fake.fail(Answer(503))
        await get(client)
    assert counts(seen, "meltingspot.fresh", "url.template") == {(ITEM,): 1}
    assert counts(seen, "meltingspot.stale", "url.template", "error.type") == {(ITEM, "ServerError"): 1}


async def test_durations_are_in_seconds_with_buckets_to_match() -> None:
    """A call that waited 3.5 s is in the bucket from 2.5 to 5 s, and so is its wait."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "3.5"}))
        await get(client)
    for name in ("meltingspot.call.duration", "meltingspot.wait.duration"):
        (point,) = seen.points(name)
        assert isinstance(point, HistogramDataPoint)
        low, high = point.explicit_bounds.index(2.5), point.explicit_bounds.index(5)
        assert point.bucket_counts[high] == 1, name
        assert low + 1 == high


async def test_labels_have_few_values() -> None:
    """A thousand ids make one series, and no label holds an id."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (_, client):
        await asyncio.gather(*(get(client, number) for number in range(20)))
    (point,) = seen.points("http.client.request.duration")
    assert set(point.attributes or {}) == {
        "http.request.method",
        "server.address",
        "server.port",
        "url.template",
        "http.response.status_code",
    }


async def test_odd_items_are_counted() -> None:
    """Items of a list that are not as documented are counted."""
    seen = Telemetry()
    async with serving(on_event=seen.observer) as (fake, client):
        fake.add_documents("/v1/courses/odd/participants", {"id": "1"}, {"id": "2"})
        with pytest.raises(InvalidItemsError):
            await client.course_participants.list("odd").to_list()
    assert counts(seen, "meltingspot.invalid_items", "url.template") == {(LIST,): 2}

"""Where an export of activities ends, how it finds the ids, and how a service that drips is bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from meltingspot_async import (
    ApiError,
    DeadlineExceededError,
    InvalidResponseError,
    MeltingSpotClient,
    RequestTimeoutError,
    RetryPolicy,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, Drip, FakeMeltingSpot, Fault, Truncate, make_activity

from ..support.clock import now

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "/v1/activities~export"


@asynccontextmanager
async def service(
    count: int, *faults: Fault, fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient], None]:
    """A fake service with so many activities, and a client of it."""
    async with fake or FakeMeltingSpot() as running:
        running.add_to(PATH, *map(make_activity, range(count)))
        running.fail(*faults)
        async with MeltingSpotClient(running.api_key, base_url=running.base_url, **options) as client:
            yield running, client


async def ids(client: MeltingSpotClient, **arguments: Any) -> list[str | None]:
    """The ids of everything exported."""
    return [activity.id async for activity in client.activities.export(from_date=BEGIN, **arguments)]


def lines(*fields: dict[str, object]) -> Answer:
    """An answer with events that have these fields."""
    return Answer(
        200, b"".join(json.dumps({"type": "LiveAttended", **one}).encode() + b"\n" for one in fields)
    )


@pytest.mark.parametrize("largest_export", [1, 7, 99, 299, 1_000])
@pytest.mark.parametrize("filters_late", [False, True])
async def test_answer_cut_short_does_not_end_the_export(largest_export: int, filters_late: bool) -> None:
    """However few events the service gives at once, all are given, for one request more than there are answers."""
    fake = FakeMeltingSpot(largest_export=largest_export, filters_export_late=filters_late)
    async with service(150, fake=fake) as (_, client):
        assert await ids(client) == [f"event-{number}" for number in range(150)]
        assert len(fake.received) == -(-150 // largest_export) + 1


async def test_answers_that_were_filtered_late_are_all_read() -> None:
    """A service that takes 100 events first and then filters gives all that pass, over its few-event answers."""
    fake = FakeMeltingSpot(largest_export=100, filters_export_late=True)
    async with service(1_000, fake=fake) as (_, client):
        wanted = [make_activity(number).id for number in range(0, 1_000, 26)]
        assert await ids(client, event_types=make_activity(0).type) == wanted


async def test_last_line_may_have_no_line_end() -> None:
    """An activity whose line is the last, without a line end, is given like any other."""
    async with service(0, Answer(200, lines({"id": "a"}, {"id": "b"}).body.rstrip()), Answer(200)) as (
        _,
        client,
    ):
        assert await ids(client) == ["a", "b"]


async def test_empty_answer_in_the_middle_ends_the_export() -> None:
    """A whole answer with nothing new is the end, as the service has no other way to say so."""
    async with service(30, Delay(0.0), Answer(200), fake=FakeMeltingSpot(largest_export=10)) as (_, client):
        assert len(await ids(client)) == 10


@pytest.mark.parametrize("status", [201, 203, 204, 206])
async def test_success_other_than_200_is_an_error(status: int) -> None:
    """Any success other than 200 is an error that names the status: it never ends an export."""
    async with service(3, Answer(status)) as (fake, client):
        with pytest.raises(InvalidResponseError, match=f"its status is {status} instead of 200") as refused:
            await ids(client)
        assert (refused.value.path, refused.value.field) == ("/v1/activities~export", "$")
        assert len(fake.received) == 1


async def test_101_is_an_error() -> None:
    """An answer that changes the protocol is an error at once."""
    async with service(3, Answer(101, headers={"Connection": "upgrade", "Upgrade": "x"})) as (fake, client):
        with pytest.raises(ApiError, match="101"):
            await ids(client)
        assert len(fake.received) == 1


@pytest.mark.parametrize(
    ("fields", "event_id"),
    [
        ({"id": "a"}, "a"),
        ({"eventId": 7}, "7"),
        ({"event_id": "a"}, "a"),
        ({"activityId": "a"}, "a"),
        ({"activity_id": "a"}, "a"),
        ({"uuid": "a", "_id": "b"}, "a"),
        ({"_id": "a"}, "a"),
        ({"id": None, "eventId": "a"}, "a"),
        ({"id": True, "eventId": "a"}, "a"),
    ],
)
async def test_id_is_found_under_common_names(fields: dict[str, object], event_id: str) -> None:
    """The id of an activity, whose name is not documented, is found under any common name."""
    async with service(0, lines(fields), Answer(200)) as (fake, client):
        assert await ids(client) == [event_id]
        assert f"fromEventId={event_id}&" in fake.received[1].url


@pytest.mark.parametrize("fields", [{}, {"id": None}, {"ref": "a"}, {"id": {"$oid": "a"}}])
async def test_activity_without_an_id_is_given_before_the_error(fields: dict[str, object]) -> None:
    """Activities without an id are given; then an error says that it is unknown whether more follow, and what to do."""
    async with service(0, lines(fields, fields)) as (_, client):
        activities = client.activities.export(from_date=BEGIN)
        assert [(await anext(activities)).id, (await anext(activities)).id] == [None, None]
        with pytest.raises(InvalidResponseError, match=r"\$\.id: it is missing.*give it as id_field"):
            await anext(activities)


async def test_id_field_names_the_id() -> None:
    """With id_field=, that field is the id and no other is, and an error names it."""
    answers = [lines({"id": "same", "ref": "a"}, {"id": "same", "ref": "b"}), lines({"ref": "b"})]
    async with service(0, *answers, lines({"id": "c"})) as (fake, client):
        assert await ids(client, id_field="ref") == ["same", "same"]
        assert "fromEventId=b&" in fake.received[1].url
        with pytest.raises(InvalidResponseError, match=r"\$\.ref"):
            await ids(client, id_field="ref")


@pytest.mark.parametrize("fault", [Drip(1.0), Drip(1.0, before=b"\n" * 10), Drip(1.0, before=b'{"type": "')])
async def test_timeout_holds_from_line_to_line(fault: Fault) -> None:
    """A service that drips bytes without ever completing a line is given up after the timeout."""
    async with service(1, fault, timeout=5.0, retry=RetryPolicy(attempts=1)) as (_, client):
        began = now()
        with pytest.raises(RequestTimeoutError):
            await ids(client)
        assert now() - began == pytest.approx(5.0, abs=0.2)


async def test_blank_lines_are_no_content() -> None:
    """Blank lines, however many, do not prolong the timeout."""

    class Blank:
        async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
            return await Drip(1.0).answer(request, web.Response(body=b"\n" * 100))

    async with service(1, Blank(), timeout=5.0, retry=RetryPolicy(attempts=1)) as (_, client):
        with pytest.raises(RequestTimeoutError):
            await ids(client)


async def test_slow_lines_within_the_timeout_are_read() -> None:
    """Lines that arrive one by one, each within the timeout, are read however long the answer takes."""
    async with service(40, Drip(1.0, size=40), timeout=5.0, deadline=5.0) as (_, client):
        assert len(await ids(client)) == 40


@pytest.mark.parametrize("fault", [Drip(1.0), Delay(9.0)])
async def test_deadline_holds_from_one_activity_to_the_next(fault: Fault) -> None:
    """The deadline ends the wait for an activity wherever it is spent: for an answer, within it, or between two."""
    async with service(3, Truncate(), fault, deadline=4.0) as (_, client):
        began = now()
        with pytest.raises(DeadlineExceededError):
            await ids(client)
        assert now() - began <= 4.2


async def test_repeats_are_no_progress() -> None:
    """A service that repeats the last event and then breaks off, again and again, is given up after the attempts."""

    class RepeatAndBreak:
        async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
            line = b'{"type": "LiveAttended", "id": "event-0"}\n'
            return await Truncate().answer(request, web.Response(body=line * 2))

    async with service(1, *[RepeatAndBreak()] * 50, retry=RetryPolicy(attempts=3)) as (fake, client):
        with pytest.raises(Exception, match="connection failed"):
            await ids(client)
        assert len(fake.received) <= 4


async def test_closing_the_client_ends_an_export() -> None:
    """An export that waits for the service ends at once when its client is closed."""
    async with service(3, Delay(20.0)) as (_, client):
        export = asyncio.create_task(ids(client))
        await asyncio.sleep(1.0)
        began = now()
        await client.aclose()
        with pytest.raises(UsageError, match="was closed while the call was under way"):
            await export
        assert now() - began < 1.0

"""An aiohttp session that the caller gives."""

from __future__ import annotations

import gzip
from contextlib import aclosing

import aiohttp
import pytest

from meltingspot_async import (
    MeltingSpotClient,
    NotFoundError,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, make_activity

from ..support.calls import PATH, failure, get, serving


async def test_given_session_changes_nothing_and_stays_open() -> None:
    """A session given that raises, repeats and rewrites by default changes nothing we do, and stays open."""

    async def twice(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        (await handler(request)).release()
        return await handler(request)

    async with (
        aiohttp.ClientSession(
            base_url="http://127.0.0.1:9/elsewhere/",
            raise_for_status=True,
            auto_decompress=False,
            headers={"Authorization": "Basic c3B5", "Accept-Encoding": "br", "Accept": "text/html"},
            timeout=aiohttp.ClientTimeout(total=0.001, sock_read=0.001),
            middlewares=[twice],
        ) as session,
        serving(session=session) as (fake, client),
    ):
        plain = (await client.get(PATH)).body
        fake.fail(Answer(200, gzip.compress(plain), {"Content-Encoding": "gzip"}), Answer(404), Delay(1.0))
        assert (await get(client)).id == "participant-0"
        assert isinstance(await failure(client), NotFoundError)
        await get(client)
        assert len(fake.received) == 4
        assert {r.headers["Authorization"] for r in fake.received} == {"fake-key"}
        assert {r.headers["Accept-Encoding"] for r in fake.received} == {"gzip, deflate"}
        await client.aclose()
        assert not session.closed
        async with session.get(f"{fake.base_url}{PATH}", raise_for_status=False, timeout=None) as answer:
            assert answer.status == 401


async def test_given_session_with_credentials_is_refused() -> None:
    """A session with auth= would contradict the key, so it is refused when it is given."""
    with pytest.warns(DeprecationWarning, match="auth"):
        session = aiohttp.ClientSession(auth=aiohttp.BasicAuth("u", "p"))
    async with session:
        with pytest.raises(UsageError, match="auth="):
            MeltingSpotClient("k", session=session)


async def test_closed_given_session_is_a_usage_error() -> None:
    """A session that was closed by its owner is a UsageError, not a puzzle."""
    async with aiohttp.ClientSession() as session:
        client = MeltingSpotClient("k", session=session)
    with pytest.raises(UsageError, match="has been closed"):
        await client.get("/v1/courses")


async def test_given_session_stays_open_under_an_export() -> None:
    """A client that closes while an export is read leaves the session given, and the export, to their owner."""
    async with aiohttp.ClientSession() as session, serving(session=session) as (fake, client):
        fake.add_to("/v1/activities~export", *map(make_activity, range(3)))
        async with aclosing(client.activities.export(from_event_id="event-0")) as activities:
            assert (await anext(activities)).id == "event-1"
            await client.aclose()
            assert not session.closed
            assert (await anext(activities)).id == "event-2"

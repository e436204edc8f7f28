"""Which failures are retried, and how often."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from meltingspot_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    MeltingSpotClient,
    MeltingSpotError,
    NotFoundError,
    PermissionDeniedError,
    RateLimit,
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
    SlidingWindowLimiter,
    TransportError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate

from ..support.calls import PATH, failure, get, outcome, serving
from ..support.clock import now
from ..support.sockets import accepting


@pytest.mark.parametrize(
    "fault",
    [*(Answer(status) for status in (408, 425, 429, 500, 502, 503, 504)), Reset(), Truncate(), Delay(40.0)],
    ids=str,
)
async def test_transient_failure_is_retried(fault: Fault) -> None:
    """A temporary status, a reset, a truncated body and a timeout are retried, and the caller does not notice."""
    async with serving() as (fake, client):
        fake.fail(fault)
        assert (await get(client)).id == "participant-0"
        assert len(fake.received) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ApiError),
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ApiError),
        (501, ServerError),
    ],
)
async def test_lasting_refusal_is_raised_without_retry(status: int, kind: type[ApiError]) -> None:
    """Any other status raises the error of its class after one request, without a retry."""
    async with serving() as (fake, client):
        fake.fail(Answer(status, b'{"message": "no"}', {"X-Request-Id": "r-1", "Location": "/v1/other"}))
        error = await failure(client)
        assert type(error) is kind
        assert isinstance(error, ApiError)
        assert (error.status, error.path, error.request_id, error.attempts) == (status, PATH, "r-1", 1)
        assert len(fake.received) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Answer(503), ServerError),
        (Reset(), TransportError),
        (Truncate(), TransportError),
        (Delay(40.0), RequestTimeoutError),
    ],
    ids=str,
)
async def test_last_failure_is_raised_after_all_attempts(fault: Fault, kind: type[MeltingSpotError]) -> None:
    """When every attempt fails, the last failure is raised with the number of attempts."""
    async with serving(retry=RetryPolicy(attempts=3)) as (fake, client):
        fake.fail(*[fault] * 9)
        error = await failure(client)
        assert type(error) is kind
        assert isinstance(error, ApiError | TransportError)
        assert (error.attempts, len(fake.received)) == (3, 3)


async def test_timeout_bounds_one_attempt() -> None:
    """An attempt that takes longer than timeout is given up, its body included."""
    async with serving(timeout=2.0, retry=RetryPolicy(attempts=1)) as (fake, client):
        fake.fail(Delay(2.5))
        started = now()
        error = await failure(client)
        assert isinstance(error, RequestTimeoutError | TimeoutError)
        assert now() - started == pytest.approx(2.0)


async def test_timeout_bounds_a_trickling_body() -> None:
    """A body that never ends is bounded by the same timeout."""

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.5)

    app = web.Application()
    app.router.add_get("/v1/slow", trickle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with MeltingSpotClient("k", base_url=f"http://127.0.0.1:{port}", timeout=3.0) as client:
        started = now()
        with pytest.raises(RequestTimeoutError):
            await client.with_options(retry=RetryPolicy(attempts=1)).session_manager.get("/v1/slow")
        assert now() - started == pytest.approx(3.0)
    await runner.cleanup()


async def test_refused_connection_is_retried_and_takes_no_slot() -> None:
    """A refused connection is retried, and takes nothing of the limit."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1_000.0)])
    policy = RetryPolicy(attempts=4, backoff_max=1.0)
    async with MeltingSpotClient("k", base_url="http://127.0.0.1:1", limiter=limiter, retry=policy) as client:
        started = now()
        with pytest.raises(TransportError, match="Cannot connect") as refused:
            await client.get("/v1/courses")
        assert now() - started <= 3.0
        assert (refused.value.sent, refused.value.attempts) == (False, 4)


async def test_broken_kept_alive_connection_is_not_repeated_unseen() -> None:
    """Aiohttp never repeats a request by itself: the service receives only requests that have a slot."""
    async with serving(retry=RetryPolicy(attempts=1)) as (fake, client):
        await get(client)  # the next request finds its connection warm
        fake.fail(Reset())
        assert isinstance(await failure(client), TransportError)
        assert len(fake.received) == 2


async def test_connection_closed_instead_of_an_answer_is_not_repeated_unseen() -> None:
    """Nor does aiohttp where the service ends a kept-alive connection in good order, after it received a request."""
    received = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        while received < 2:
            await reader.readuntil(b"\r\n\r\n")
            received += 1
            if received == 1:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    policy = RetryPolicy(attempts=1)
    async with (
        accepting(serve) as port,
        MeltingSpotClient("k", base_url=f"http://127.0.0.1:{port}", retry=policy) as client,
    ):
        await client.get("/v1/courses")
        with pytest.raises(TransportError, match="ServerDisconnectedError"):
            await client.get("/v1/courses")
    assert received == 2


async def test_redirect_is_not_followed() -> None:
    """A redirect is an error that asks about base_url; the key is not carried elsewhere."""
    async with FakeMeltingSpot() as other, serving() as (fake, client):
        fake.fail(Answer(307, headers={"Location": f"{other.base_url}{PATH}"}))
        assert "never followed" in str(await failure(client))
        assert not other.received


async def test_retry_budget_keeps_an_outage_from_being_amplified(caplog: pytest.LogCaptureFixture) -> None:
    """While everything fails, a hundred calls cost a hundred requests and the budget, not five hundred."""
    async with serving(retry=RetryPolicy(budget=10.0), coalesce=False) as (fake, client):
        fake.fail(*[Answer(503)] * 1_000)
        results = await asyncio.gather(*(outcome(client, number) for number in range(100)))
        assert all(isinstance(result, ServerError) for result in results)
        assert len(fake.received) == 110
    assert "retry budget is used up" in caplog.text


async def test_successes_earn_retries_back() -> None:
    """When things go well again, so do retries: two successes pay for one."""
    async with serving(retry=RetryPolicy(budget=1.0)) as (fake, client):
        for _ in range(5):
            fake.fail(Answer(503))
            await get(client)
            await get(client)
        assert len(fake.received) == 15

"""One GET on a real loopback socket: what the service receives, and what the caller gets."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    ApiError,
    AttemptFinished,
    AttemptStarted,
    AuthenticationError,
    BadRequestError,
    Coalesced,
    CourseParticipant,
    DeadlineExceededError,
    Event,
    InvalidResponseError,
    MeltingSpotClient,
    MeltingSpotError,
    NotFoundError,
    PermissionDeniedError,
    Priority,
    QuotaExhaustedError,
    RateLimit,
    RateLimitError,
    RequestTimeoutError,
    RetryPolicy,
    RetryScheduled,
    ServerError,
    SlidingWindowLimiter,
    Throttled,
    TransportError,
    UsageError,
)
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, Reset, Truncate

from ..support.clock import run_virtual

PATH = "/v1/courses/c/participants/participant-0"


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def serving(
    fake: FakeMeltingSpot | None = None, **options: Any
) -> AsyncGenerator[tuple[FakeMeltingSpot, MeltingSpotClient], None]:
    """A fake service with 200 participants in the course c, and a client of it."""
    async with fake or FakeMeltingSpot() as running:
        running.seed("c", 200)
        async with MeltingSpotClient(
            running.api_key,
            base_url=running.base_url,
            **options,
        ) as client:
            yield running, client


def get(client: MeltingSpotClient, number: int = 0) -> asyncio.Task[CourseParticipant]:
    """Ask for one participant, in a task of its own."""
    return asyncio.create_task(client.course_participants.get("c", f"participant-{number}"))


async def outcome(client: MeltingSpotClient, number: int = 0) -> CourseParticipant | BaseException:
    """What asking for one participant comes to."""
    return (await asyncio.gather(get(client, number), return_exceptions=True))[0]


async def failure(client: MeltingSpotClient) -> MeltingSpotError:
    """The error that asking for a participant ends with."""
    error = await outcome(client)
    assert isinstance(error, MeltingSpotError)
    return error


# --- The request -------------------------------------------------------------------------------------------


async def test_a_participant_takes_one_request() -> None:
    """A get sends one GET, signed with the bare key, and gives the participant."""
    async with serving() as (fake, client):
        participant = await client.course_participants.get("c", "participant-0")
        assert (participant.id, participant.course_id) == ("participant-0", "c")
        (request,) = fake.received
        assert request.path == PATH
        assert request.headers["Authorization"] == "fake-key"
        assert request.headers["User-Agent"].startswith("meltingspot-async/")
        assert request.headers["Accept-Encoding"] == "gzip, deflate"
        assert "Cookie" not in request.headers


async def test_the_key_can_be_sent_with_a_scheme() -> None:
    """auth_scheme stands before the key."""
    async with serving(auth_scheme="Bearer") as (fake, client):
        await failure(client)
        assert fake.received[0].headers["Authorization"] == "Bearer fake-key"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("a/b", "a%2Fb"),
        ("a b?c#d%", "a%20b%3Fc%23d%25"),
        ("../../spots", "..%2F..%2Fspots"),
        ("Zoé~1", "Zo%C3%A9~1"),
        ("line\nend", "line%0Aend"),
    ],
)
async def test_an_id_stays_one_segment(given: str, sent: str) -> None:
    """Whatever stands in an id, it reaches the service encoded, as one segment of the path."""
    async with serving() as (fake, client):
        with pytest.raises(NotFoundError):
            await client.course_participants.get("c", given)
        assert fake.received[0].path == f"/v1/courses/c/participants/{sent}"


@pytest.mark.parametrize("bad", ["", "  ", ".", "..", "\ud800", None, 7], ids=repr)
@pytest.mark.parametrize("position", [0, 1])
async def test_an_id_that_is_none_is_refused_unsent(bad: str, position: int) -> None:
    """An empty id, '.', '..' or something that is no text is a UsageError, and nothing is sent."""
    async with serving() as (fake, client):
        ids = ["c", "participant-0"]
        ids[position] = bad
        with pytest.raises(UsageError, match=r"course_id|course_participant_id"):
            await client.course_participants.get(*ids)
        assert not fake.received


async def test_any_endpoint_can_be_asked() -> None:
    """SessionManager.get reaches a path that has no method yet, with brackets left as they are."""
    async with serving() as (fake, client):
        with pytest.raises(NotFoundError):
            await client.get("/v1/spots", params={"email[in]": "a+b@example.com", "page": 1})
        assert fake.received[0].path == "/v1/spots?email[in]=a%2Bb%40example.com&page=1"
        answer = await client.get(PATH)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.body.startswith(b"{")
        assert "Byron" not in repr(answer)


@pytest.mark.parametrize(
    "path",
    [
        "v1/courses",
        "//evil.example/v1",
        "/v1/../admin",
        "/v1/%2e%2E/x",
        "/v1//x",
        "/v1/x?y",
        "/v1/ü",
        "",
        "/",
    ],
)
async def test_a_path_that_is_none_is_refused_unsent(path: str) -> None:
    """A path that is not absolute, plain and encoded is a UsageError."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="not a path"):
            await client.get(path)
        assert not fake.received


@pytest.mark.parametrize("value", [True, 1.5, None, ["a"]])
async def test_a_parameter_of_another_type_is_refused_unsent(value: str) -> None:
    """A query parameter is a text or a whole number, or a UsageError that names it."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="page"):
            await client.get("/v1/courses", params={"page": value})
        assert not fake.received


# --- What is retried ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [*(Answer(status) for status in (408, 425, 429, 500, 502, 503, 504)), Reset(), Truncate(), Delay(40.0)],
    ids=str,
)
async def test_passing_troubles_are_got_over(fault: Fault) -> None:
    """A status that passes, a reset, a cut body and a timeout are tried again, and the caller never knows."""
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
async def test_lasting_refusals_are_told_at_once(status: int, kind: type[ApiError]) -> None:
    """Any other status is an error of its own class after one request."""
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
        (Answer(429), RateLimitError),
        (Reset(), TransportError),
        (Truncate(), TransportError),
        (Delay(40.0), RequestTimeoutError),
    ],
    ids=str,
)
async def test_attempts_end(fault: Fault, kind: type[MeltingSpotError]) -> None:
    """When every attempt fails, the last failure is told, with the number of attempts."""
    async with serving(retry=RetryPolicy(attempts=3)) as (fake, client):
        fake.fail(*[fault] * 9)
        error = await failure(client)
        assert type(error) is kind
        assert isinstance(error, ApiError | TransportError)
        assert (error.attempts, len(fake.received)) == (3, 3)


async def test_a_timeout_bounds_one_attempt() -> None:
    """An attempt that takes longer than timeout is given up, its body included."""
    async with serving(timeout=2.0, retry=RetryPolicy(attempts=1)) as (fake, client):
        fake.fail(Delay(2.5))
        started = now()
        error = await failure(client)
        assert isinstance(error, RequestTimeoutError | TimeoutError)
        assert now() - started == pytest.approx(2.0)


async def test_a_body_that_trickles_is_within_the_timeout() -> None:
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


async def test_nobody_listening_takes_no_slot() -> None:
    """A refused connection is tried again, and costs the limit nothing."""
    limiter = SlidingWindowLimiter([RateLimit(1, per=1_000.0)])
    policy = RetryPolicy(attempts=4, backoff_max=1.0)
    async with MeltingSpotClient("k", base_url="http://127.0.0.1:1", limiter=limiter, retry=policy) as client:
        started = now()
        with pytest.raises(TransportError, match="Cannot connect") as refused:
            await client.get("/v1/courses")
        assert now() - started <= 3.0
        assert (refused.value.sent, refused.value.attempts) == (False, 4)


async def test_a_broken_kept_alive_connection_is_one_request_in_one_slot() -> None:
    """The HTTP library never repeats a request by itself: the service receives what has a slot, no more."""
    async with serving(retry=RetryPolicy(attempts=1)) as (fake, client):
        await get(client)  # the next request finds its connection warm
        fake.fail(Reset())
        assert isinstance(await failure(client), TransportError)
        assert len(fake.received) == 2


async def test_redirects_are_not_followed() -> None:
    """A redirect is an error that asks about base_url; the key is not carried elsewhere."""
    async with FakeMeltingSpot() as other, serving() as (fake, client):
        fake.fail(Answer(307, headers={"Location": f"{other.base_url}{PATH}"}))
        assert "never followed" in str(await failure(client))
        assert not other.received


# --- How long is waited ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "wait"), [(503, 7.0), (429, 7.0)])
async def test_retry_after_is_waited_for(status: int, wait: float) -> None:
    """The service's Retry-After is kept to, no shorter and no longer."""
    async with serving() as (fake, client):
        fake.fail(Answer(status, headers={"Retry-After": "7"}))
        await get(client)
        assert fake.received[1].at - fake.received[0].at == pytest.approx(wait, abs=0.01)


@pytest.mark.parametrize("nonsense", ["-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", ""])
async def test_a_retry_after_that_says_nothing_means_backoff(nonsense: str) -> None:
    """A nonsensical, negative or past Retry-After is as good as none."""
    async with serving(retry=RetryPolicy(backoff_base=4.0)) as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": nonsense}))
        await get(client)
        assert 0.0 <= fake.received[1].at - fake.received[0].at <= 4.01


async def test_a_retry_after_too_long_fails_at_once_and_for_everyone() -> None:
    """A Retry-After above max_retry_after is told without waiting, and until then nothing more is sent."""
    async with serving() as (fake, client):
        started = now()
        fake.fail(Answer(429, headers={"Retry-After": "3600"}))
        error = await failure(client)
        assert isinstance(error, RateLimitError)
        assert error.retry_after == 3600.0
        assert isinstance(await failure(client), QuotaExhaustedError)
        assert now() - started < 0.1
        assert len(fake.received) == 1
        await asyncio.sleep(3600.0)
        await get(client)


@given(draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=4, max_size=4))
@settings(max_examples=20)
def test_backoff_is_full_jitter_up_to_the_cap(draws: list[float]) -> None:
    """Between attempts lies a random share of min(cap, base * 2 ** (n - 1)) seconds, at the cap too."""

    async def main(monkeypatch: pytest.MonkeyPatch) -> None:
        rolls = iter([*draws, 0.0])
        monkeypatch.setattr("meltingspot_async._http.session.random.random", lambda: next(rolls))
        policy = RetryPolicy(attempts=5, backoff_base=1.0, backoff_max=3.0)
        async with serving(retry=policy, coalesce=False) as (fake, client):
            fake.fail(*[Answer(503)] * 4)
            await client.course_participants.get("c", "participant-0")
            times = [request.at for request in fake.received]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert gaps == pytest.approx(
            [d * c for d, c in zip(draws, (1.0, 2.0, 3.0, 3.0), strict=True)], abs=0.1
        )

    with pytest.MonkeyPatch.context() as monkeypatch:
        run_virtual(main(monkeypatch))


async def test_one_429_holds_back_every_caller() -> None:
    """While a 429's pause lasts nothing is sent for anyone, and each refused call is tried again after it."""
    async with serving() as (fake, client):
        fake.fail(Answer(429, headers={"Retry-After": "9"}))
        first = get(client, 0)
        await asyncio.sleep(1.0)
        others = [get(client, number) for number in range(1, 20)]
        await asyncio.gather(first, *others)
        refused, *later = [request.at for request in fake.received]
        assert min(later) - refused == pytest.approx(9.0, abs=0.01)
        assert len(later) == 20


async def test_no_connection_is_held_while_waiting() -> None:
    """During back-off the connection is back in the pool."""
    async with aiohttp.ClientSession() as session, serving(session=session) as (fake, client):
        fake.fail(Answer(503, b"x" * 100_000, {"Retry-After": "20"}))
        task = get(client)
        await asyncio.sleep(10.0)
        assert not busy_connections(session)
        await task


def busy_connections(session: aiohttp.ClientSession) -> int:
    """Connections of a session that are in use."""
    assert session.connector is not None
    return len(session.connector._acquired)


@pytest.mark.parametrize(
    "fault",
    [Answer(404), Answer(503), Reset(), Truncate(), Delay(100.0), Answer(200, b"x" * 70_000)],
    ids=str,
)
async def test_no_path_leaks_a_connection_or_a_slot(fault: Fault) -> None:
    """After any outcome, and after cancellation, the pool is idle and every slot comes back."""
    limiter = SlidingWindowLimiter([RateLimit(4, per=10.0)])
    options: dict[str, Any] = {
        "limiter": limiter,
        "retry": RetryPolicy(attempts=1),
        "max_response_bytes": 65_536,
    }
    async with aiohttp.ClientSession() as session, serving(session=session, **options) as (fake, client):
        fake.fail(fault, Delay(50.0))
        await failure(client)
        cancelled = get(client)
        await asyncio.sleep(5.0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert not busy_connections(session)
        await asyncio.sleep(30.0)
        started = now()
        await asyncio.gather(*(get(client, number) for number in range(4)))
        assert now() - started < 1.0


# --- Deadlines ---------------------------------------------------------------------------------------------


async def test_a_wait_that_cannot_fit_raises_before_it() -> None:
    """A Retry-After beyond the deadline fails at once, naming both, with the failure as its cause."""
    async with serving(deadline=5.0) as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "30"}))
        started = now()
        error = await failure(client)
        assert isinstance(error, DeadlineExceededError)
        assert (error.wait_needed, error.deadline) == (30.0, 5.0)
        assert isinstance(error.__cause__, ServerError)
        assert now() - started < 0.1


async def test_a_queue_that_is_too_long_raises_before_it() -> None:
    """When the limit has no slot before the deadline, the call fails at once, and nothing is sent."""
    async with serving() as (fake, client):
        await asyncio.gather(*(get(client, number) for number in range(100)))
        started = now()
        error = await failure(client.with_options(deadline=5.0))
        assert isinstance(error, DeadlineExceededError)
        assert error.wait_needed == pytest.approx(10.0, abs=0.1)
        assert error.deadline == 5.0
        assert (now() - started < 0.1, len(fake.received)) == (True, 100)


async def test_the_deadline_bounds_the_whole_call() -> None:
    """A call ends at its deadline at the latest, even in the middle of an attempt."""
    async with serving(deadline=5.0, timeout=3.0, retry=RetryPolicy(backoff_base=0.0)) as (fake, client):
        fake.fail(Delay(100.0), Delay(100.0))
        started = now()
        error = await failure(client)
        assert isinstance(error, DeadlineExceededError)
        assert (error.wait_needed, error.deadline) == (None, 5.0)
        assert now() - started == pytest.approx(5.0)


async def test_without_a_deadline_a_thousand_calls_take_their_turn() -> None:
    """A thousand calls gathered at once all succeed, as fast as the limit allows and no faster."""
    async with serving(coalesce=False) as (fake, client):
        started = now()
        await asyncio.gather(*(get(client, number % 200) for number in range(1_000)))
        assert now() - started == pytest.approx(90.0, abs=1.0)
        assert fake.most_received(10.0) == 100
        assert not any(request.refused for request in fake.received)


# --- The limit, at the service -----------------------------------------------------------------------------


async def test_the_service_never_counts_more_than_the_limit() -> None:
    """With slow cold connections and fast warm ones, the service counts at most 100 in any 10 s: no 429."""
    async with serving(FakeMeltingSpot(cold=8.0, warm=0.01)) as (fake, client):
        bulk = client.with_options(priority=Priority.BULK, coalesce=False)
        await asyncio.gather(*(get(bulk, number % 200) for number in range(400)))
        assert fake.most_received(10.0) == 100
        assert not any(request.refused for request in fake.received)


async def test_a_page_does_not_wait_behind_a_batch() -> None:
    """A single get goes before a queue of five hundred bulk requests."""
    async with serving() as (_, client):
        bulk = client.with_options(priority=Priority.BULK, coalesce=False)
        batch = [get(bulk, number % 200) for number in range(500)]
        await asyncio.sleep(15.0)
        started = now()
        await get(client, 7)
        assert now() - started <= 10.1
        assert sum(not task.done() for task in batch) >= 200
        await asyncio.gather(*batch)


async def test_a_batch_beside_pages_keeps_the_limit_through_faults() -> None:
    """With pages, a batch, faults and cancellations, no window is above the limit and all are served."""
    async with serving(FakeMeltingSpot(cold=2.0, warm=0.05), coalesce=False) as (fake, client):
        faults: list[Fault] = [Answer(200, b"{"), Answer(503), Reset(), Truncate()]
        fake.fail(*faults * 10)
        bulk = client.with_options(priority=Priority.BULK)
        batch = [get(bulk, number % 200) for number in range(200)]
        pages = [get(client, number) for number in range(30)]
        await asyncio.sleep(1.0)
        for page in pages[:10]:
            page.cancel()
        results = await asyncio.gather(*batch, *pages, return_exceptions=True)
        served = sum(isinstance(result, CourseParticipant) for result in results)
        assert served >= 230 - 10 - 10  # ten cancelled, ten answered with what is no participant
        assert fake.most_received(10.0) <= 100


async def test_any_limiter_of_the_protocol_will_do() -> None:
    """A limiter needs nothing but its one method, and what it raises reaches the caller as it is."""

    class Strict:
        slots = 0

        @asynccontextmanager
        async def slot(
            self, priority: Priority = Priority.INTERACTIVE, deadline: float | None = None
        ) -> AsyncGenerator[None, None]:
            self.slots += 1
            if self.slots > 2:
                raise TimeoutError("my own store is down")
            yield

    limiter = Strict()
    async with serving(limiter=limiter, retry=RetryPolicy(backoff_base=0.0)) as (fake, client):
        fake.fail(Answer(503))
        await get(client)
        for options in ({}, {"deadline": 5.0}):
            with pytest.raises(TimeoutError, match="my own store is down"):
                await get(client.with_options(**options))  # type: ignore[arg-type]
        assert len(fake.received) == 2


# --- The retry budget --------------------------------------------------------------------------------------


async def test_an_outage_is_not_amplified(caplog: pytest.LogCaptureFixture) -> None:
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


# --- Coalescing --------------------------------------------------------------------------------------------


async def test_identical_gets_share_one_request(caplog: pytest.LogCaptureFixture) -> None:
    """Fifty callers who ask for the same participant at once cost one request, and all get it."""
    caplog.set_level(logging.DEBUG, "meltingspot_async")
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        results = await asyncio.gather(*(get(client) for _ in range(50)))
        assert {participant.id for participant in results} == {"participant-0"}
        assert len(fake.received) == 1
        assert events.count(Coalesced(PATH)) == 49
        assert caplog.messages.count(f"GET {PATH}: joined a request under way") == 49
        await get(client)
        assert len(fake.received) == 2


async def test_coalescing_can_be_turned_off() -> None:
    """With coalesce=False every call is a request."""
    async with serving(coalesce=False) as (fake, client):
        await asyncio.gather(*(get(client) for _ in range(5)))
        assert len(fake.received) == 5


async def test_failures_are_shared_too() -> None:
    """All who share a request get its error."""
    async with serving() as (fake, client):
        fake.fail(Answer(403))
        results = await asyncio.gather(*(outcome(client) for _ in range(5)))
        assert [type(result) for result in results] == [PermissionDeniedError] * 5
        assert len(fake.received) == 1


@pytest.mark.parametrize("cancelled", [[0], [1], [0, 1], [0, 2]])
async def test_cancelling_one_caller_does_not_cancel_the_others(cancelled: list[int]) -> None:
    """Whoever of those who share a request is cancelled, the first included, the others get the answer."""
    async with serving() as (fake, client):
        fake.fail(Delay(5.0))
        callers = [get(client) for _ in range(3)]
        await asyncio.sleep(1.0)
        for number in cancelled:
            callers[number].cancel()
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert [n for n, r in enumerate(results) if isinstance(r, asyncio.CancelledError)] == cancelled
        assert sum(isinstance(r, CourseParticipant) for r in results) == 3 - len(cancelled)
        assert len(fake.received) == 1


async def test_the_last_caller_cancelled_cancels_the_request() -> None:
    """When nobody waits any more the request is given up, and whoever comes next starts a new one."""
    async with aiohttp.ClientSession() as session, serving(session=session) as (fake, client):
        fake.fail(Delay(50.0))
        callers = [get(client) for _ in range(3)]
        await asyncio.sleep(1.0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert not busy_connections(session)
        started = now()
        await get(client)
        assert now() - started < 1.0
        assert len(fake.received) == 2


async def test_a_page_does_not_join_a_batch_in_its_queue() -> None:
    """Only calls with the same options share: a page never inherits a batch's place in the queue."""
    async with serving() as (fake, client):
        bulk = client.with_options(priority=Priority.BULK)
        await asyncio.gather(get(client), get(bulk))
        assert len(fake.received) == 2


async def test_whoever_joins_late_keeps_its_own_deadline() -> None:
    """A call that joins another whose deadline passes first goes on by itself for the time it has left."""
    async with serving(deadline=5.0, retry=RetryPolicy(attempts=1)) as (fake, client):
        fake.fail(Delay(50.0), Delay(2.0))
        first = get(client)
        await asyncio.sleep(3.0)
        second = get(client)
        with pytest.raises(DeadlineExceededError):
            await first
        assert (await second).id == "participant-0"


# --- Answers that cannot be trusted ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>Please log in</html>", b'{"id": "participant-0"}', b"\x00", b"null"]
)
async def test_a_200_that_is_no_participant_is_refused(body: bytes) -> None:
    """A 200 that is not the documented shape is an InvalidResponseError, after one request."""
    async with serving() as (fake, client):
        fake.fail(Answer(200, body))
        assert isinstance(await failure(client), InvalidResponseError)
        assert len(fake.received) == 1


async def test_compressed_answers_are_read() -> None:
    """A gzip body is decompressed."""
    async with serving() as (fake, client):
        plain = (await client.get(PATH)).body
        fake.fail(Answer(200, gzip.compress(plain), {"Content-Encoding": "gzip"}))
        assert (await get(client)).id == "participant-0"


async def test_a_body_above_the_cap_is_refused() -> None:
    """A body of more than max_response_bytes is refused; one of just as many is read."""
    async with serving(max_response_bytes=1_000) as (fake, client):
        fake.fail(Answer(200, b"x" * 1_000), Answer(200, b"x" * 1_001))
        assert len((await client.get(PATH)).body) == 1_000
        error = await failure(client)
        assert isinstance(error, InvalidResponseError)
        assert "max_response_bytes" in str(error)


async def test_a_long_error_page_is_still_an_error() -> None:
    """An unsuccessful answer with a body above every cap is told, and tried again, like a short one."""
    async with serving(max_response_bytes=1_000, retry=RetryPolicy(attempts=2)) as (fake, client):
        fake.fail(*[Answer(503, b"x" * 200_000)] * 2)
        assert isinstance(await failure(client), ServerError)
        assert len(fake.received) == 2


BOMB = """
import asyncio, pathlib, re, zlib
from meltingspot_async import BadRequestError, InvalidResponseError, MeltingSpotClient
from meltingspot_async.testing import Answer, FakeMeltingSpot

def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    return b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()

async def main():
    async with FakeMeltingSpot() as fake, MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
        fake.fail(Answer(STATUS, bomb(), {"Content-Encoding": "gzip"}))
        try:
            await client.course_participants.get("c", "p")
        except (InvalidResponseError, BadRequestError):
            status = pathlib.Path("/proc/self/status").read_text()
            print(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory's high-water mark from /proc")
@pytest.mark.parametrize("status", [200, 400])
def test_a_gzip_bomb_does_not_go_off(status: int) -> None:
    """300 MB packed into 300 KB are refused, and the whole process stays under 80 MB of memory."""
    script = BOMB.replace("STATUS", str(status))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 0 < int(run.stdout) * 1024 < 80 * 10**6


# --- Nothing secret is told --------------------------------------------------------------------------------


async def test_the_key_and_emails_are_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    """Neither key nor emails stand in logs, events, errors or reprs, even when the service repeats them."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    async with serving(on_event=seen.append, retry=RetryPolicy(attempts=1)) as (fake, client):
        echo = b'{"message": "key fake-key of ada@example.com is unknown"}'
        for fault in (
            Answer(401, echo),
            Answer(503, echo),
            Reset(),
            Truncate(),
            Answer(200, echo),
            Delay(99.0),
        ):
            fake.fail(fault)
            error: BaseException | None = await failure(client)
            while error is not None:
                seen += [error, repr(error), str(error), vars(error)]
                error = error.__cause__ or error.__context__
        with pytest.raises(NotFoundError) as refused:
            await client.get("/v1/spots", params={"email[in]": "ada@example.com"})
        seen += [
            refused.value,
            str(refused.value),
            client,
            client.session_manager,
            vars(client),
            vars(client.session_manager),
        ]
        assert sum(isinstance(item, AttemptStarted) for item in seen) == len(fake.received)
    told = f"{seen} {caplog.text}"
    assert "503" in told
    assert "fake-key" not in told
    assert "ada@" not in told


# --- Events ------------------------------------------------------------------------------------------------


async def test_events_tell_the_story_of_a_call(caplog: pytest.LogCaptureFixture) -> None:
    """Each attempt starts and ends, retries and pauses are told, in order and as log records too."""
    caplog.set_level(logging.DEBUG, "meltingspot_async")
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(
            Answer(503, headers={"Retry-After": "2"}), Answer(429, headers={"Retry-After": "3"}), Reset()
        )
        await get(client)
    shown = [
        (type(e).__name__, getattr(e, "attempt", None), getattr(e, "status", None), getattr(e, "error", None))
        for e in events
    ]
    assert shown == [
        ("AttemptStarted", 1, None, None),
        ("AttemptFinished", 1, 503, None),
        ("RetryScheduled", 1, None, None),
        ("AttemptStarted", 2, None, None),
        ("AttemptFinished", 2, 429, None),
        ("Throttled", None, None, None),
        ("RetryScheduled", 2, None, None),
        ("AttemptStarted", 3, None, None),
        ("AttemptFinished", 3, None, "TransportError"),
        ("RetryScheduled", 3, None, None),
        ("AttemptStarted", 4, None, None),
        ("AttemptFinished", 4, 200, None),
    ]
    assert events[2] == RetryScheduled(PATH, 1, "503", 2.0)
    assert events[5] == Throttled(PATH, 3.0)
    assert [record.getMessage() for record in caplog.records] == [str(event) for event in events]


async def test_a_cancelled_attempt_is_told_as_ended() -> None:
    """Every attempt that starts ends, cancelled ones included: a gauge of requests under way stays right."""
    events: list[Event] = []
    async with serving(on_event=events.append) as (fake, client):
        fake.fail(Delay(50.0))
        caller = get(client)
        await asyncio.sleep(2.0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    ended = events[-1]
    assert isinstance(ended, AttemptFinished)
    assert (ended.status, ended.error) == (None, "CancelledError")
    assert ended.duration == pytest.approx(2.0)


async def test_an_observer_that_fails_is_reported_and_harms_nobody() -> None:
    """An exception of on_event goes to the loop's exception handler, and the call succeeds."""
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    def broken(event: Event) -> None:
        raise RuntimeError("metrics are down")

    async with serving(on_event=broken) as (_, client):
        assert (await get(client)).id == "participant-0"
    assert {str(context["exception"]) for context in reported} == {"metrics are down"}


# --- An injected session -----------------------------------------------------------------------------------


async def test_a_hostile_session_changes_nothing_and_stays_open() -> None:
    """A session that raises, repeats and rewrites by default is obeyed in nothing, and left open."""

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


async def test_a_session_with_credentials_of_its_own_is_refused() -> None:
    """A session with auth= would contradict the key, so it is refused when it is given."""
    with pytest.warns(DeprecationWarning, match="auth"):
        session = aiohttp.ClientSession(auth=aiohttp.BasicAuth("u", "p"))
    async with session:
        with pytest.raises(UsageError, match="auth="):
            MeltingSpotClient("k", session=session)


async def test_a_closed_session_says_so() -> None:
    """A session that was closed by its owner is a UsageError, not a puzzle."""
    async with aiohttp.ClientSession() as session:
        client = MeltingSpotClient("k", session=session)
    with pytest.raises(UsageError, match="has been closed"):
        await client.get("/v1/courses")


# --- Life cycle --------------------------------------------------------------------------------------------


async def test_a_closed_client_says_so() -> None:
    """After aclose, which may be called twice, a call is a UsageError."""
    async with serving() as (fake, client):
        await get(client)
        await client.aclose()
        await client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await client.course_participants.get("c", "participant-0")
        assert len(fake.received) == 1


async def test_closing_while_a_call_waits_ends_the_call() -> None:
    """A call that was backing off when its client was closed ends with a UsageError."""
    async with serving() as (fake, client):
        fake.fail(Answer(503, headers={"Retry-After": "5"}))
        waiting = get(client)
        await asyncio.sleep(1.0)
        await client.aclose()
        with pytest.raises(UsageError, match="closed"):
            await waiting


def test_a_client_on_another_loop_says_so() -> None:
    """A client used on a second event loop tells what to do, instead of failing obscurely."""
    client = MeltingSpotClient("k", base_url="http://127.0.0.1:1", retry=RetryPolicy(attempts=1))

    async def use() -> None:
        with pytest.raises(TransportError):
            await client.get("/v1/courses")

    async def misuse() -> None:
        with pytest.raises(UsageError, match="one client per event loop"):
            await client.get("/v1/courses")
        with pytest.raises(UsageError, match="one client per event loop"):
            await client.aclose()

    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(use())
        second.run(misuse())
        first.run(client.aclose())


async def test_an_unused_client_opens_nothing() -> None:
    """A client may be made anywhere, closed unused, and leaves no session behind."""
    client = MeltingSpotClient("k")
    await client.aclose()

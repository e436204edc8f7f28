"""Odd answers and odd networks: each has a sentence that says what to do next, and leaves as an error of ours."""

from __future__ import annotations

import socket
import ssl
from unittest.mock import Mock

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meltingspot_async import (
    ApiError,
    AttemptStarted,
    Event,
    InvalidResponseError,
    MeltingSpotClient,
    MeltingSpotError,
    RetryPolicy,
    TransportError,
    UsageError,
)
from meltingspot_async._http.failures import failure_of
from meltingspot_async.testing import Answer

from ..support.calls import PATH, failure, serving
from ..support.clock import run_virtual
from ..support.sockets import answering

ONCE = RetryPolicy(attempts=2, backoff_max=0.0)


def http(status: str, headers: str = "", body: bytes = b"") -> bytes:
    """An answer, byte for byte."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "kind", "said", "attempts"),
    [
        (http("200 OK", f"X-Big: {'x' * 9_000}\r\n"), TransportError, "header of the answer is longer than 8 kB", 1),
        (http("200 OK", "Content-Encoding: zst\x1bd\r\n", b"x"), TransportError, "encoded as zst d", 1),
        (http("200 OK", "Content-Encoding: x-odd\r\n", b"x"), TransportError, "encoded as x-odd", 1),
        (http("200 OK", "Content-Encoding: br\r\n", b"x"), TransportError, "Accept-Encoding", 1),
        (http("200 OK", "Content-Encoding: zstd\r\n", b"x"), TransportError, "Accept-Encoding", 1),
        (b"SSH-2.0-OpenSSH_9.6\r\n", TransportError, "the answer is not HTTP. Check base_url", 2),
        (http("101 Switching Protocols"), ApiError, "not the service's answer", 1),
        (http("999 Nothing"), ApiError, "not the service's answer", 1),
        (http("000 Nothing"), ApiError, "not the service's answer", 1),
        (http("204 No Content"), InvalidResponseError, "its status is 204", 1),
        (http("206 Partial Content", "", b"{}"), InvalidResponseError, "its status is 206", 1),
        (http("414 URI Too Long"), ApiError, "split the filter", 1),
        (http("431 Too Large"), ApiError, "split the filter", 1),
        (http("511 Network"), ApiError, "asks for a login", 1),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else "",
)  # fmt: skip
async def test_odd_answer_says_what_to_do(
    answer: bytes, kind: type[MeltingSpotError], said: str, attempts: int
) -> None:
    """Each odd answer has a sentence of its own, and what cannot help is not tried again."""
    seen: list[Event] = []
    async with (
        answering(answer) as url,
        MeltingSpotClient("key", base_url=url, retry=ONCE, on_event=seen.append) as client,
    ):
        error = await failure(client)
    assert isinstance(error, kind)
    assert said in str(error)
    assert error.__context__ is None
    assert sum(isinstance(event, AttemptStarted) for event in seen) == attempts


@pytest.mark.parametrize("status", [200, 201, 203, 204, 206])
async def test_raw_get_gives_any_success_as_it_came(status: int) -> None:
    """client.get gives any 2xx, as it was received."""
    async with serving() as (fake, client):
        fake.fail(Answer(status))
        assert (await client.get(PATH)).status == status


async def test_export_takes_nothing_but_a_whole_answer() -> None:
    """An export whose answer is a part of one, by its status, is an error and not a short export."""
    async with serving() as (fake, client):
        fake.fail(Answer(206, b'{"type": "LiveAttended", "id": "1"}\n'))
        with pytest.raises(InvalidResponseError, match="206"):
            [activity async for activity in client.activities.export(from_event_id="0")]


KEY = Mock(host="service.example", port=443, ssl=True)
NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("error", "said", "lasting", "sent"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, NO_NAME), "name service.example", False, False),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "odd")), "TLS with service.example:443", False, False),
        (aiohttp.ClientConnectorCertificateError(KEY, ValueError("odd")), "be verified (ValueError)", True, False),
        (aiohttp.ClientConnectorError(KEY, OSError(101, "Network is unreachable")), "Cannot connect to", False, False),
        (aiohttp.ClientConnectorError(KEY, OSError()), "(OSError)", False, False),
        (aiohttp.InvalidURL("http://"), "could not be sent (InvalidURL)", True, False),
        (TypeError("a header is no text"), "could not be sent (TypeError)", True, False),
        (aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 1), "failed (ServerFingerprintMismatch)", False, True),
    ],
)  # fmt: skip
def test_each_failure_has_its_sentence(error: Exception, said: str, lasting: bool, sent: bool) -> None:
    """DNS, TLS, certificates and the network have texts of their own, and nothing of the exception's text is kept."""
    found = failure_of(error)
    assert said in found.reason
    assert (found.lasting, found.sent) == (lasting, sent)


@pytest.mark.parametrize(
    ("status", "lasting"),
    [
        (302, False),
        (399, False),
        (400, True),
        (407, True),
        (408, False),
        (429, False),
        (499, True),
        (500, False),
    ],
)
def test_proxy_that_refuses_for_good_is_not_asked_again(status: int, lasting: bool) -> None:
    """A proxy's 4xx lasts, but for those that say "not now"; nothing of the request has left it."""
    found = failure_of(aiohttp.ClientHttpProxyError(Mock(), (), status=status))
    assert (found.lasting, found.sent) == (lasting, False)
    assert f"(status {status})" in found.reason


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example", ".example", "a" * 300])
def test_impossible_host_is_refused_at_once(host: str) -> None:
    """A base_url whose host cannot exist is a UsageError of the client, not an odd error of the first call."""
    with pytest.raises(UsageError, match="base_url"):
        MeltingSpotClient("key", base_url=f"https://{host}")


async def test_parameter_that_cannot_be_encoded_is_refused_unsent() -> None:
    """Half a surrogate pair in a filter or a parameter is a UsageError before anything is sent."""
    async with serving() as (fake, client):
        for call in (
            client.get("/v1/courses", params={"title": "\ud83d"}),
            client.get("/v1/courses", params={"\ud83d": 1}),
            anext(aiter(client.spot_members.list(emails=["\ud83d@example.com"]))),
        ):
            with pytest.raises(UsageError, match="surrogate"):
                await call
        assert not fake.received


@pytest.mark.parametrize("name", ["X-Odd\r\nInjected", "X-Odd"])
async def test_session_given_that_cannot_send_is_an_error_of_ours(name: str) -> None:
    """Headers that aiohttp refuses to send end in one error that names the session, after one attempt."""
    async with (
        aiohttp.ClientSession(headers={name: "a\r\nb"}) as session,
        serving(session=session, retry=ONCE) as (fake, client),
    ):
        error = await failure(client)
        assert isinstance(error, TransportError)
        assert "session given" in str(error)
        assert not fake.received


HEADS = st.sampled_from(
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b"HTTP/1.0 999\r\n"]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Encoding: gzip\r\n",
            b"Content-Encoding: deflate\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Length: -1\r\n",
            b"Location: \xff\r\n",
            b"Retry-After: \xb2\r\n",
            b"X-Request-Id: \xff\r\n",
            b"\r\n",
        ]
    ),
    max_size=4,
).map(b"".join)


@given(st.tuples(HEADS, HEADERS, st.binary(max_size=60)).map(b"".join))
@settings(max_examples=100)
def test_whatever_answers_is_an_error_of_ours(answer: bytes) -> None:
    """Any bytes at all in place of an answer end in a MeltingSpotError that can be shown."""

    async def ask() -> MeltingSpotError:
        async with (
            answering(answer) as url,
            MeltingSpotClient("key", base_url=url, retry=ONCE, timeout=1.0) as client,
        ):
            return await failure(client)

    error = run_virtual(ask())
    assert str(error).isprintable()
    assert error.__context__ is None or isinstance(error.__context__, MeltingSpotError)

"""What of an answer, of options and of the service's own words may be seen, and how much of it."""

from __future__ import annotations

import ssl
from unittest.mock import Mock

import aiohttp
import pytest

from meltingspot_async import MeltingSpotClient, RawResponse, Response, UsageError
from meltingspot_async._http.failures import UnknownEncodingError, failure_of
from meltingspot_async._http.freshness import Kept
from meltingspot_async._http.headers import checked_headers
from meltingspot_async._http.reporter import Reporter
from meltingspot_async._http.response import api_error
from meltingspot_async._http.transport import Request
from meltingspot_async.events import Event, InvalidItem, UnknownField, UnknownValue

PRIVATE = "Quirin"


def test_no_repr_shows_headers_bodies_or_the_key() -> None:
    """What can hold personal data or the key is in no repr of the objects that carry it."""
    headers = {"X-Name": PRIVATE}
    client = MeltingSpotClient(PRIVATE, headers=headers)
    carriers = [
        RawResponse(200, headers, PRIVATE.encode(), "/"),
        Response(None, 200, headers),
        Request("/", "https://example.com", headers, 1.0, 1),
        Kept(PRIVATE, 1, 0.0, 0.0),
        Reporter(None, "", PRIVATE),
        client.session_manager.options,
        client,
    ]
    assert PRIVATE not in repr(carriers)


@pytest.mark.parametrize(("length", "shown"), [(64, "x" * 64), (65, "x" * 63 + "…")])
def test_names_of_the_service_are_shortened(length: int, shown: str) -> None:
    """Of an unknown field or value, of an item's id and of a header's name, 64 characters are shown."""
    reporter, name = Reporter(None, ""), "x" * length
    assert reporter.shown(UnknownField("Model", name)).field == shown
    assert reporter.shown(UnknownValue("Enum", name)).value == shown
    assert reporter.shown(InvalidItem("/", name, "$", "odd")).id == shown
    with pytest.raises(UsageError) as refused:
        checked_headers({name: "\n"})
    assert f" {shown} " in str(refused.value)


@pytest.mark.parametrize(("length", "is_cut"), [(0, False), (1, True)])
def test_words_of_the_service_are_shortened(length: int, is_cut: bool) -> None:
    """Errors quote 200 characters of a message, 100 of a request's id and of a system's reason, 20 of an encoding."""
    headers = {"X-Request-Id": "x" * (100 + length)}
    response = RawResponse(404, headers, b"x" * (200 + length), "/")
    error = api_error("/", response, "", attempt=1, retry_after=None, pause=None)
    refused = ssl.SSLCertVerificationError(1, "x")
    refused.verify_code, refused.verify_message = 18, "x" * (100 + length)
    key = Mock(host="h", port=443)
    reasons = [
        failure_of(aiohttp.ClientConnectorCertificateError(key, refused)).reason,
        failure_of(aiohttp.ClientConnectorError(key, OSError(1, "x" * (100 + length)))).reason,
    ]
    assert error.message == "x" * (199 if is_cut else 200) + "…" * is_cut
    assert error.request_id == "x" * (99 if is_cut else 100) + "…" * is_cut
    assert [f"({'x' * (99 if is_cut else 100)}{'…' * is_cut})" in reason for reason in reasons] == [True] * 2


def test_service_that_makes_up_names_is_not_listened_to_for_ever() -> None:
    """After a thousand unknown names and values, a client reports no more of them; each is reported once."""
    seen: list[Event] = []
    reporter = Reporter(seen.append, "")
    for number in range(1_002):
        for _ in range(2):
            reporter.notice("c", "/", UnknownField("Model", str(number)))
    assert [event.field for event in seen if isinstance(event, UnknownField)] == [
        str(number) for number in range(1_000)
    ]


def test_unknown_encoding_is_quoted() -> None:
    """The encoding that nobody asked for stands in the error."""
    assert "encoded as x-odd," in failure_of(UnknownEncodingError("x-odd")).reason


@pytest.mark.parametrize(("key", "is_refused"), [("ourskey", False), ("ours-key", True)])
async def test_key_is_looked_for_in_addresses_from_eight_characters(key: str, is_refused: bool) -> None:
    """A key of eight characters is refused in a path; a shorter text can be part of any."""
    async with MeltingSpotClient(key, base_url="http://localhost:1") as client:
        url = client.session_manager._endpoint.url
        if not is_refused:
            assert url(f"/v1/{key}", None).endswith(key)
            return
        with pytest.raises(UsageError, match="key stands in"):
            url(f"/v1/{key}", None)

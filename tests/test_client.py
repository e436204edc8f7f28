"""Options, life cycle and environment of the client, and the table of answers under canned responses."""

from __future__ import annotations

import asyncio
import copy
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from aioresponses import aioresponses

import meltingspot_async
from meltingspot_async import (
    ApiError,
    CourseParticipant,
    InvalidResponseError,
    MeltingSpotClient,
    ParticipantStatus,
    Priority,
    RetryPolicy,
    TransportError,
    UsageError,
)

URL = "https://openapi.meltingspot.io/v1/courses/course-1/participants/cp-1"
DOCUMENTED = json.loads((Path(__file__).parent / "fixtures" / "course_participant.json").read_text())


async def fetch(client: MeltingSpotClient) -> CourseParticipant:
    return await client.course_participants.get("course-1", "cp-1")


async def test_get_asks_the_documented_address_by_default(canned: aioresponses) -> None:
    """By default the service's documented address is asked, over https, with the bare key."""
    canned.get(URL, payload=DOCUMENTED)
    async with MeltingSpotClient("secret-key") as client:
        participant = await fetch(client)
    assert participant.status is ParticipantStatus.STARTED
    (calls,) = canned.requests.values()
    assert calls[0].kwargs["headers"]["Authorization"] == "secret-key"
    assert calls[0].kwargs["allow_redirects"] is False


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"status": "Paused"}, ParticipantStatus("Paused")),
        ({"status": "Completed"}, ParticipantStatus.COMPLETED),
        ({"spotMemberFirstname": {}}, ParticipantStatus.STARTED),
        ({"completionRate": "42"}, "$.completionRate"),
        ({"status": None}, "$.status"),
        ({"invitedAt": "2026-01-05"}, "$.invitedAt"),
    ],
)
async def test_answers_of_all_shapes_are_given_or_refused(
    canned: aioresponses, changes: dict[str, object], outcome: str
) -> None:
    """A participant as documented is given; anything else is an error that names its field."""
    canned.get(URL, payload=DOCUMENTED | changes)
    async with MeltingSpotClient("k") as client:
        (result,) = await asyncio.gather(fetch(client), return_exceptions=True)
    reported = result.field if isinstance(result, InvalidResponseError) else getattr(result, "status", None)
    assert reported == outcome


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"message": "course not found"}', "course not found"),
        ('{"error": {"message": "no such course"}}', "no such course"),
        ('{"message": ["first", "second"]}', "first"),
        ('{"errors": []}', ""),
        ('{"errors": [{"message": "no such filter"}]}', "no such filter"),
        ('{"message": 17}', ""),
        ('{"message": null, "error": "Not Found"}', "Not Found"),
        ("[]", ""),
        ('"plainly"', "plainly"),
        ("not\x1b[31m there\r\nat all", "not [31m there at all"),
        ("<html><body>nginx</body></html>", ""),
        ("", ""),
        ("unknown member ada@example.com", "unknown member [email]"),
        ("key secret-key is wrong", "key [key] is wrong"),
        ("x" * 500, "x" * 199 + "…"),
        ("[" * 100_000, ""),
        ('{"message": "cut', ""),
        ("word " * 10_000, "word " * 39 + "word…"),
    ],
    ids=lambda text: text[:20],
)
async def test_message_is_found_in_error_bodies_of_any_shape(
    canned: aioresponses, body: str, message: str
) -> None:
    """The service's own words are found in an error body of any shape, short and harmless."""
    canned.get(URL, status=404, body=body)
    async with MeltingSpotClient("secret-key") as client:
        with pytest.raises(ApiError) as refused:
            await fetch(client)
    assert refused.value.message == message


@pytest.mark.parametrize(
    "base_url",
    [
        "http://openapi.meltingspot.io",
        "ftp://openapi.meltingspot.io",
        "openapi.meltingspot.io",
        "",
        "https://",
        "https://user:pass@openapi.meltingspot.io",
        "http://127.0.0.1@evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "https://host/?q=1",
        "https://host/#f",
        "https://host:port",
        "https://host:99999",
        "https://[::1",
        "https://host/a b",
        "https://höst",
        None,
        7,
    ],
)
def test_unsafe_base_url_is_refused(base_url: str) -> None:
    """base_url must be https, or http on a loopback address, and nothing but an address."""
    with pytest.raises(UsageError, match="base_url"):
        MeltingSpotClient("k", base_url=base_url)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://openapi.meltingspot.io/", "https://openapi.meltingspot.io"),
        ("https://proxy.example/meltingspot/", "https://proxy.example/meltingspot"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.9", "http://127.0.0.9"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_safe_base_url_is_accepted(given: str, kept: str) -> None:
    """An address is https anywhere, http on loopback, with or without a path and a slash at the end."""
    client = MeltingSpotClient("k", base_url=given)
    assert client.session_manager.base_url == kept
    assert repr(client) == f"MeltingSpotClient(base_url={kept!r})"
    assert repr(client.session_manager) == f"SessionManager(base_url={kept!r})"


@pytest.mark.parametrize("key", ["", " ", "two words", "line\n", "clé", "a\r\nX-Evil: 1", None, b"bytes"])
def test_impossible_key_is_refused(key: str) -> None:
    """A key must be printable ASCII without white space; the error does not repeat it."""
    with pytest.raises(UsageError, match="API key") as refused:
        MeltingSpotClient(key)
    assert "evil" not in str(refused.value).lower()


@pytest.mark.parametrize("scheme", ["", "Bearer token", "x\n", b"Bearer"])
def test_impossible_auth_scheme_is_refused(scheme: str) -> None:
    """auth_scheme must be one word."""
    with pytest.raises(UsageError, match="auth_scheme"):
        MeltingSpotClient("k", auth_scheme=scheme)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("timeout", bad) for bad in (0, -1, math.nan, math.inf, None, "30", True, 10**400)],
        *[("deadline", bad) for bad in (0, -1, math.nan, "5")],
        ("retry", 3),
        ("coalesce", "no"),
        *[("max_response_bytes", bad) for bad in (0, -5, math.nan, "1", None)],
    ],
)
def test_impossible_option_is_refused(option: str, value: object) -> None:
    """Durations and sizes are checked when they are given, and the error names them."""
    with pytest.raises(UsageError, match=option):
        MeltingSpotClient("k", **{option: value})  # type: ignore[arg-type]
    if option != "max_response_bytes":
        with pytest.raises(UsageError, match=option):
            MeltingSpotClient("k").with_options(**{option: value})  # type: ignore[arg-type]


def test_from_env_reads_key_address_and_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """from_env reads key, address and scheme; empty ones count as unset."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", "")
    assert MeltingSpotClient.from_env().session_manager.base_url == "https://openapi.meltingspot.io"
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", "http://localhost:1")
    monkeypatch.setenv("MELTINGSPOT_AUTH_SCHEME", "Bearer")
    client = MeltingSpotClient.from_env()
    assert client.session_manager.base_url == "http://localhost:1"
    assert client.session_manager._endpoint.headers() == {"Authorization": "Bearer k"}


@pytest.mark.parametrize("key", [None, ""])
def test_from_env_without_key_says_what_to_set(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    """Without a key from_env names the variable."""
    if key is not None:
        monkeypatch.setenv("MELTINGSPOT_API_KEY", key)
    with pytest.raises(UsageError, match="MELTINGSPOT_API_KEY"):
        MeltingSpotClient.from_env()


async def test_with_options_copies_options_and_shares_the_rest(canned: aioresponses) -> None:
    """with_options changes what it names; connections, limiter and requests under way are shared."""
    canned.get(URL, payload=DOCUMENTED)
    canned.get(URL, status=503)
    client = MeltingSpotClient("k", retry=RetryPolicy(attempts=1))
    twin = client.with_options(priority=Priority.BULK, timeout=5.0, deadline=None, coalesce=False)
    assert (await fetch(client)).id == "cp-1"
    with pytest.raises(ApiError):
        await fetch(twin)
    assert twin.session_manager._limiter is client.session_manager._limiter
    await twin.aclose()
    with pytest.raises(UsageError, match="closed"):
        await fetch(client)


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy, copy.copy])
def test_client_refuses_to_be_pickled_or_copied(duplicate: Callable[[object], object]) -> None:
    """A client, or anything that holds one, cannot be duplicated by accident, and the error says what to do."""
    client = MeltingSpotClient("secret-key")
    for thing in (client, client.with_options(deadline=3.0)):
        with pytest.raises(
            TypeError, match=r"one client in each process; with_options\(\) gives a copy"
        ) as refused:
            duplicate(thing)
        assert "secret-key" not in str(refused.value)
    with pytest.raises(TypeError):
        pickle.dumps({"client": client})


def test_impossible_priority_is_refused() -> None:
    """A priority must be one of the two that exist."""
    with pytest.raises(UsageError, match="priority must be a"):
        MeltingSpotClient("k").with_options(priority="bulk")  # type: ignore[arg-type]


def test_unknown_option_is_refused() -> None:
    """A misspelt option is not silently ignored."""
    with pytest.raises(TypeError, match="time_out"):
        MeltingSpotClient("k").with_options(time_out=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("raised", [OSError("socket"), TimeoutError()], ids=repr)
async def test_errors_of_the_operating_system_become_transport_errors(
    canned: aioresponses, raised: Exception
) -> None:
    """Whatever error the network raises becomes a TransportError."""
    canned.get(URL, exception=raised)
    async with MeltingSpotClient("k", retry=RetryPolicy(attempts=1)) as client:
        with pytest.raises(TransportError):
            await fetch(client)


def test_public_names_exist_and_are_sorted() -> None:
    """Every name of __all__ exists once: in order the package's own, then, in order, those of the models."""
    names, models = meltingspot_async.__all__, meltingspot_async.models.__all__
    own = names[: -len(models)]
    assert names == [*own, *models]
    for part in (own, models):  # constants, classes, functions
        assert part == sorted(set(part), key=lambda name: (not name.isupper(), name.islower(), name))
    assert not set(own) & set(models)
    assert all(hasattr(meltingspot_async, name) for name in names)

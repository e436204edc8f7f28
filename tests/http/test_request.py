"""What the service receives of one GET, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from meltingspot_async import (
    NotFoundError,
    UsageError,
)

from ..support.calls import PATH, failure, serving


async def test_get_sends_one_signed_request() -> None:
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


async def test_key_is_sent_with_auth_scheme() -> None:
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
async def test_id_stays_one_path_segment(given: str, sent: str) -> None:
    """Whatever stands in an id, it reaches the service encoded, as one segment of the path."""
    async with serving() as (fake, client):
        with pytest.raises(NotFoundError):
            await client.course_participants.get("c", given)
        assert fake.received[0].path == f"/v1/courses/c/participants/{sent}"


@pytest.mark.parametrize("bad", ["", "  ", ".", "..", "\ud800", None, 7], ids=repr)
@pytest.mark.parametrize("position", [0, 1])
async def test_impossible_id_is_refused_unsent(bad: str, position: int) -> None:
    """An empty id, '.', '..' or anything but a text is a UsageError, and nothing is sent."""
    async with serving() as (fake, client):
        ids = ["c", "participant-0"]
        ids[position] = bad
        with pytest.raises(UsageError, match=r"course_id|course_participant_id"):
            await client.course_participants.get(*ids)
        assert not fake.received


async def test_get_reaches_any_endpoint() -> None:
    """SessionManager.get reaches a path that has no method yet, with brackets left as they are."""
    async with serving() as (fake, client):
        with pytest.raises(NotFoundError):
            await client.get("/v1/spots", params={"email[in]": "a+b@example.com", "page": 1})
        assert fake.received[0].url == "/v1/spots?email[in]=a%2Bb%40example.com&page=1"
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
async def test_impossible_path_is_refused_unsent(path: str) -> None:
    """A path that is not absolute, plain and encoded is a UsageError."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="not a path"):
            await client.get(path)
        assert not fake.received


@pytest.mark.parametrize("value", [True, 1.5, None, ["a"]])
async def test_parameter_of_wrong_type_is_refused_unsent(value: str) -> None:
    """A query parameter is a text or a whole number, or a UsageError that names it."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="page"):
            await client.get("/v1/courses", params={"page": value})
        assert not fake.received


@pytest.mark.parametrize(
    ("path", "params"),
    [(None, None), (7, None), ("/v1/x", [("a", 1)]), ("/v1/x", "a=b"), ("/v1/x", {None: 1})],
)
async def test_arguments_of_another_type_are_refused_unsent(path: Any, params: Any) -> None:
    """A path that is no text, and parameters that are no mapping of names, are a UsageError."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="must be a"):
            await client.get(path, params)
        assert not fake.received


@pytest.mark.parametrize("length", [8_000, 8_001])
async def test_address_has_8000_characters_at_most(length: int) -> None:
    """An address of 8,000 characters is sent, and a longer one refused."""
    async with serving() as (fake, client):
        path = "/v1/" + "x" * (length - len(fake.base_url) - 4)
        with pytest.raises(NotFoundError if length == 8_000 else UsageError):
            await client.get(path)
        assert len(fake.received) == (length == 8_000)


@pytest.mark.parametrize("params", [None, {"page": 1}])
async def test_id_that_is_too_long_is_refused_unsent(params: dict[str, int] | None) -> None:
    """An address that no server accepts is a UsageError that names what is too long."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="look at the ids in its path"):
            await client.get(f"/v1/courses/{'x' * 8_000}", params)
        assert not fake.received

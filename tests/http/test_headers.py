"""Headers that a program adds to its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import MeltingSpotClient, Priority, UsageError
from meltingspot_async.testing import make_activity

from ..support.calls import get, serving

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
NAMES = st.text(TOKEN, min_size=1, max_size=20).map("X-{}".format)
VALUES = st.text(PRINTABLE + " \t", max_size=40).map(lambda text: text.strip(" \t"))
OURS = [
    *(
        "Authorization",
        "Host",
        "Content-Type",
        "Content-Length",
        "Content-Encoding",
        "Accept",
        "Accept-Encoding",
    ),
    *("Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect", "User-Agent"),
    *("Proxy-Authorization", "Range", "If-None-Match", "If-Modified-Since"),
]


def client(headers: Any, **options: Any) -> MeltingSpotClient:
    """A client that is never used."""
    return MeltingSpotClient("secret-key", headers=headers, **options)


async def test_headers_go_out_with_every_request() -> None:
    """Headers that a client was given are received with single gets, pages and exports, beside the client's own."""
    async with serving(headers={"X-Tenant": "acme", "Cookie": "route=7"}) as (fake, client):
        fake.add_to("/v1/activities~export", make_activity(0))
        await get(client)
        await client.course_participants.list("c").first()
        async for _ in client.activities.export(from_event_id="event-0"):
            pass
        assert len(fake.received) >= 3
        for request in fake.received:
            assert request.headers["X-Tenant"] == "acme"
            assert request.headers["Cookie"] == "route=7"
            assert request.headers["Authorization"] == "fake-key"
            assert request.headers["Accept-Encoding"] == "gzip, deflate"


async def test_headers_of_a_copy_take_the_place_of_the_clients() -> None:
    """with_options(headers=) replaces them, with None there are none, and other options leave them alone."""
    async with serving(headers={"X-Tenant": "a"}) as (fake, client):
        for copy in (
            client,
            client.with_options(priority=Priority.BULK),
            client.with_options(headers={"X-Trace": "1"}),
            client.with_options(headers=None),
        ):
            await get(copy)
        sent = [{name: r.headers.get(name) for name in ("X-Tenant", "X-Trace")} for r in fake.received]
        assert sent == [
            {"X-Tenant": "a", "X-Trace": None},
            {"X-Tenant": "a", "X-Trace": None},
            {"X-Tenant": None, "X-Trace": "1"},
            {"X-Tenant": None, "X-Trace": None},
        ]


async def test_requests_with_other_headers_are_not_shared() -> None:
    """Identical gets share one request only if their headers are the same, in any order."""
    async with serving(headers={"X-A": "1", "X-B": "2"}) as (fake, client):
        same = client.with_options(headers={"X-B": "2", "X-A": "1"})
        other = client.with_options(headers={"X-A": "1", "X-B": "3"})
        await asyncio.gather(get(client), get(same), get(other))
        assert len(fake.received) == 2


async def test_user_agent_stands_before_the_clients_own() -> None:
    """user_agent names the program first, and then this package."""
    async with serving(user_agent="acme-lms/2.1 (ops@acme)") as (fake, client):
        await get(client)
        product = fake.received[0].headers["User-Agent"]
        assert product.startswith("acme-lms/2.1 (ops@acme) meltingspot-async/")


def test_program_that_is_configured_by_its_environment_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """from_env takes a user_agent, too, and checks it."""
    monkeypatch.setenv("MELTINGSPOT_API_KEY", "k")
    MeltingSpotClient.from_env(user_agent="acme-lms/2.1")
    with pytest.raises(UsageError, match="user_agent"):
        MeltingSpotClient.from_env(user_agent="")


async def test_given_session_keeps_its_own_headers_otherwise() -> None:
    """A session's default headers are sent where the client has none of the name, and the client's win."""
    own = {"X-Session": "s", "X-Both": "s", "User-Agent": "session/1"}
    async with (
        aiohttp.ClientSession(headers=own) as session,
        serving(session=session, headers={"X-Both": "c"}) as (fake, client),
    ):
        await get(client)
        headers = fake.received[0].headers
        assert (headers["X-Session"], headers["X-Both"]) == ("s", "c")
        assert headers["User-Agent"].startswith("meltingspot-async/")
        assert session.headers["X-Both"] == "s"


@pytest.mark.parametrize("name", OURS)
def test_header_that_the_client_relies_on_is_refused(name: str) -> None:
    """A header on which the key, the framing or the meaning of an answer depends is a UsageError that names it."""
    for spelt in (name, name.lower(), name.upper()):
        for give in (partial(MeltingSpotClient, "k"), MeltingSpotClient("k").with_options):
            with pytest.raises(UsageError, match=spelt) as refused:
                give(headers={spelt: "hidden-value"})
            assert "hidden-value" not in str(refused.value)
            is_product = name.lower() == "user-agent"
            assert ("give user_agent=" in str(refused.value)) == is_product
            assert ("leave it out" in str(refused.value)) != is_product


@pytest.mark.parametrize(
    "headers",
    [
        {"": "x"},
        {"X Y": "x"},
        {"X:": "x"},
        {"X-Ü": "x"},
        {"X\r\nY": "x"},
        {7: "x"},
        {"X-A": "two\r\nlines"},
        {"X-A": "ends\n"},
        {"X-A": " x"},
        {"X-A": "x\t"},
        {"X-A": "é"},
        {"X-A": "\x7f"},
        {"X-A": "\x00"},
        {"X-A": None},
        {"X-A": 7},
        {"X-A": b"x"},
        {"X-A": "1", "x-a": "2"},
        ["X-A"],
        "X-A: 1",
    ],
    ids=repr,
)
def test_header_that_cannot_be_sent_is_refused(headers: Mapping[str, str]) -> None:
    """A name or value that is not plain ASCII on one line is a UsageError when it is given."""
    with pytest.raises(UsageError, match="headers"):
        client(headers)


@pytest.mark.parametrize("product", ["", " ", "two\nlines", "é", " x", "x ", 7, b"x"], ids=repr)
def test_impossible_user_agent_is_refused(product: str) -> None:
    """A user_agent that cannot be sent is a UsageError when it is given."""
    with pytest.raises(UsageError, match="user_agent"):
        client(None, user_agent=product)


def test_values_of_headers_are_in_no_repr() -> None:
    """A header's value can be a secret of a gateway, and is not shown."""
    made = client({"X-Gateway": "hidden-value"})
    assert "hidden-value" not in repr(made) + repr(made.session_manager) + repr(made.session_manager.options)


def test_copy_with_other_options_keeps_the_headers() -> None:
    """Headers are sent by copies of the client, too, unless they are changed."""
    made = client({"X-A": "1"})
    assert made.with_options(deadline=3.0).session_manager.options.headers == (("X-A", "1"),)


def test_headers_are_copied() -> None:
    """Changing the mapping afterwards changes no request."""
    headers = {"X-A": "1"}
    made = client(headers)
    headers["X-A"] = "2"
    assert made.session_manager.options.headers == (("X-A", "1"),)


@given(st.dictionaries(NAMES, VALUES, max_size=3).filter(lambda d: len({n.lower() for n in d}) == len(d)))
def test_every_header_that_http_allows_is_accepted(headers: dict[str, str]) -> None:
    """Any token is a name, and any printable ASCII without white space at its ends a value."""
    assert dict(client(headers).session_manager.options.headers) == headers


@given(st.text(min_size=1), st.text())
def test_what_is_accepted_is_one_line_of_ascii(name: str, value: str) -> None:
    """Whatever is given, a header that is accepted cannot end its line, or be read in two ways."""
    try:
        ((sent_name, sent_value),) = client({name: value}).session_manager.options.headers
    except UsageError:
        return
    assert (sent_name, sent_value) == (name, value)
    assert set(name) <= set(TOKEN)
    assert set(value) <= set(PRINTABLE + " \t")
    assert value == value.strip()


async def test_accepted_headers_arrive_as_they_were_given() -> None:
    """Odd but allowed names and values reach the service unchanged."""
    headers = {"X-" + TOKEN: PRINTABLE, "X-Empty": "", "X-Blank": "a \t b"}
    async with serving(headers=headers) as (fake, client):
        await get(client)
        received = fake.received[0].headers
        assert {name: received[name] for name in headers} == headers

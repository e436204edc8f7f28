"""Texts of the service lose the key, emails, queries and control characters, in whatever spelling."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    ApiError,
    CourseParticipant,
    InvalidItemsError,
    InvalidResponseError,
    ListsFailedError,
    MeltingSpotError,
    NotFoundError,
    RetryPolicy,
    TransportError,
    UnknownField,
    UnknownValue,
    UsageError,
    to_dict,
)
from meltingspot_async._redaction import redacted
from meltingspot_async.testing import Answer, Reset, make_course_participant

from ..support.calls import failure, serving
from ..support.spellings import SPELLINGS

KEY = 'se/cr&t"<0>%41'
EMAIL = "grace@example.com"

spellings = pytest.mark.parametrize("spelt", SPELLINGS.values(), ids=SPELLINGS)
FRAMES = ["{}", "<'{}'>", "key={},", "[{}](x)", "mailto:{}.", "\u201c{}\u201d"]


@spellings
def test_no_spelling_of_key_or_email_is_shown(spelt: Callable[[str], str]) -> None:
    """Neither the key nor an email is in a text, however it is spelt and whatever stands around it."""
    for personal, frame in itertools.product([KEY, EMAIL, "ada+x@example.co.uk"], FRAMES):
        text = f"before {frame.format(spelt(personal))} after"
        shown = redacted(text, 200, KEY)
        assert shown.startswith("before ")
        assert shown.endswith(" after")
        assert spelt(personal) not in shown
        assert "[key]" in shown or "[email]" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cannot GET /v1/spotMembers?email[in]=ada%40example.com", "Cannot GET /v1/spotMembers?…"),
        ("Cannot GET /v1/spotMembers%3Fname=Ada now", "Cannot GET /v1/spotMembers?… now"),
        ("see https://x.example/a&#63;name=Ada", "see https://x.example/a?…"),
        ("Cannot GET /v1/spotMembers/ada%40example.com?x=1", "Cannot GET [email]"),
        ("Cannot GET /a%1b%0a[31mb?x=1", "Cannot GET /a[31mb?…"),
        ("Really? Yes", "Really? Yes"),
        ("ada\uff20example.com", "[email]"),
        ("ada%2525252525252540example.com", "ada%2525252525252540example.com"),  # nobody reads seven layers
        ("one\r\ntwo\x1b[31m\u202ethree\ud83d", "one two [31m three"),
        ("x" * 300, "x" * 199 + "…"),
        ("word " * 500 + EMAIL, "word " * 39 + "word…"),
        ("100 % of R&D, \\o/ 50%", "100 % of R&D, \\o/ 50%"),
    ],
)
def test_text_of_the_service_is_one_short_line(text: str, shown: str) -> None:
    """Queries of addresses are cut off, control characters removed; other words stay as they are."""
    assert redacted(text, 200) == shown


@given(st.text(st.sampled_from("%4026&#;@x\\u{}?/ amp\n\x1b")))
def test_any_text_can_be_redacted(text: str) -> None:
    """Whatever the text, the result is printable, short, and without an at sign."""
    shown = redacted(text, 50, "am")
    assert shown.isprintable()
    assert len(shown) <= 50
    assert "@" not in shown


async def test_request_id_is_short_and_printable() -> None:
    """An X-Request-Id cannot carry the key, an email or a long text into an error."""
    async with serving(retry=RetryPolicy(attempts=1)) as (fake, client):
        for sent, kept in (
            ("r-1", "r-1"),
            ("r-fake%2Dkey-1", "[key]"),
            (f"r {EMAIL}", "r [email]"),
            ("r" * 500, "r" * 99 + "…"),
            ("", None),
        ):
            fake.fail(Answer(404, b'{"message": "no"}', {"X-Request-Id": sent}))
            error = await failure(client)
            assert isinstance(error, ApiError)
            assert error.request_id == kept


async def test_escaped_key_in_a_message_is_removed() -> None:
    """The key is removed from what a JSON body says, not from how it is written."""
    async with serving() as (fake, client):
        fake.fail(Answer(401, b'{"message": "no \\u0066ake-key, f\\u0061ke&#45;key"}'))
        error = await failure(client)
        assert isinstance(error, ApiError)
        assert error.message == "no [key], [key]"


@pytest.mark.parametrize("member", [EMAIL, "grace%40example.com", "grace\uff20example.com"])
async def test_email_given_as_an_id_is_in_no_text(member: str, caplog: pytest.LogCaptureFixture) -> None:
    """An id that is an email is {id} in errors, events and logs, while the service gets it as it was given."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    async with serving(retry=RetryPolicy(attempts=1), on_event=seen.append) as (fake, client):
        for fault, kind in (
            (Answer(404), NotFoundError),
            (Answer(200, b"{}"), InvalidResponseError),
            (Reset(), TransportError),
        ):
            fake.fail(fault)
            with pytest.raises(kind, match=r"/v1/spotMembers/\{id\}") as error:
                await client.spot_members.get(member)
            seen += [str(error.value), repr(error.value), vars(error.value)]
        with pytest.raises(UsageError, match="not a path") as misused:
            await client.get(f"/v1/spotMembers/{EMAIL}?x=é")
        seen.append(str(misused.value))
        assert len(fake.received) == 3
        assert {request.path for request in fake.received} == {f"/v1/spotMembers/{quote(member)}"}
    assert "grace" not in f"{seen} {caplog.text}"
    assert "/v1/spotMembers/{id}" in caplog.text


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (b"[]", InvalidResponseError),
        (b'{"items": [], "total": "many"}', InvalidResponseError),
        (b'{"items": [null], "total": 9}', InvalidItemsError),
    ],
)
async def test_email_given_as_the_id_of_a_list_is_in_no_text(
    page: bytes, kind: type[MeltingSpotError], caplog: pytest.LogCaptureFixture
) -> None:
    """The path of a list that is not as documented has {id} in place of an email, in its errors and in the log."""
    caplog.set_level(logging.DEBUG)
    async with serving() as (fake, client):
        fake.fail(*[Answer(200, page)] * 4)
        with pytest.raises(kind, match=r"/v1/courses/\{id\}/participants") as one:
            await client.course_participants.list(EMAIL).to_list()
        with pytest.raises(ListsFailedError) as several:
            [item async for item in client.course_participants.list_many([EMAIL])]
    errors = (one.value, several.value)
    assert "grace" not in f"{[*map(repr, errors)]} {[*map(str, errors)]} {caplog.text}"


@spellings
async def test_drift_shows_neither_key_nor_email(
    spelt: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    """An unknown field or value that is the key or an email, however spelt, is in no event, log record or repr."""
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    long = "x" * 60  # what is cut in the middle would not be recognised any more
    names = [spelt(personal) for personal in ("fake-key", EMAIL, f"{long}fake-key", f"{long}.{EMAIL}")]
    async with serving(on_event=seen.append) as (fake, client):
        document = to_dict(make_course_participant(0, course_id="c"))
        for status in names:
            odd = {**document, **dict.fromkeys(names), "status": status}
            fake.fail(Answer(200, json.dumps(odd).encode()))
            seen.append(await client.course_participants.get("c", "participant-0"))
    drift = [event for event in seen if isinstance(event, UnknownField | UnknownValue)]
    assert len(drift) >= 4
    models = [repr(item) for item in seen if isinstance(item, CourseParticipant)]
    shown = f"{drift} {caplog.text}"
    assert not any(name in shown for name in names)
    assert not any(part in shown for part in ("fake", "grace"))
    assert not any(spelt(EMAIL) in text for text in models)


async def test_id_that_is_not_personal_is_shown() -> None:
    """An ordinary id stands in errors, to be looked for."""
    async with serving() as (_, client):
        with pytest.raises(MeltingSpotError, match="/v1/spotMembers/m-17"):
            await client.spot_members.get("m-17")


@pytest.mark.parametrize("spelt", ["fake-key", "fake%2dkey"])
async def test_key_given_as_an_id_or_a_parameter_is_refused(spelt: str) -> None:
    """A key that was mistaken for an id or a filter is not sent in an address, which servers log."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match=r"^The key stands in the path or in params") as refused:
            await client.get(f"/v1/courses/{spelt}")
        assert spelt not in str(refused.value)
        with pytest.raises(UsageError, match=r"^The key stands in the path or in params"):
            await client.get("/v1/courses", params={"name[eq]": "fake-key"})
        assert not fake.received


async def test_key_as_the_id_of_an_odd_item_is_in_no_error() -> None:
    """Where the service gives the key as the id of an odd item, the error shows [key] instead."""
    async with serving() as (fake, client):
        fake.fail(Answer(200, b'{"items": [{"id": "fake-key"}], "total": 1}'))
        with pytest.raises(InvalidItemsError, match=r"\[key\]") as odd:
            await client.course_participants.list("c").to_list()
        assert "fake-key" not in str(odd.value)

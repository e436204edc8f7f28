"""client.get: any path, as it was received or as a model, with what came around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from meltingspot_async import (
    CourseParticipant,
    Event,
    InvalidResponseError,
    MeltingSpotClient,
    Model,
    NotFoundError,
    RawResponse,
    Response,
    UnknownField,
    UsageError,
)
from meltingspot_async.testing import Answer

from ..support.calls import PATH, serving


@attrs.frozen(kw_only=True)
class Badge(Model):
    """A model that a program makes for itself."""

    badge_name: str


async def test_answer_as_a_model_has_its_envelope() -> None:
    """With a model, get gives what the answer describes, its status, its headers and the id of the request."""
    async with serving() as (fake, client):
        expected = await client.course_participants.get("c", "participant-0")
        body = (await client.get(PATH)).body
        fake.fail(Answer(200, body, {"X-Request-Id": "request-7", "X-Other": "1"}))
        answer = await client.get(PATH, model=CourseParticipant)
    assert answer == Response(expected, 200, answer.headers)
    assert (answer.request_id, answer.headers["x-other"]) == ("request-7", "1")
    assert expected.spot_member_email not in repr(answer)


async def test_answer_as_received_can_be_read() -> None:
    """Without a model, get gives the body, what it holds as JSON, and the id of the request, if there is one."""
    async with serving() as (fake, client):
        fake.fail(Answer(203, b'{"items": [1]}', {"X-Request-Id": "request-7 ada@example.com"}))
        answer = await client.get("/v1/surveys", params={"limit": 20})
        assert (await client.get(PATH)).request_id is None
        assert fake.received[0].url == "/v1/surveys?limit=20"
    assert (answer.status, answer.body, answer.json()) == (203, b'{"items": [1]}', {"items": [1]})
    assert answer.json() is not answer.json()
    assert answer.request_id == "request-7 [email]"


@pytest.mark.parametrize("body", [b"", b"<html>", b"NaN"])
async def test_answer_that_is_not_json_is_refused(body: bytes) -> None:
    """json() of a body that is not JSON is an error that names the path, without its query."""
    async with serving() as (fake, client):
        fake.fail(Answer(200, body))
        answer = await client.get("/v1/surveys", params={"email": "ada@example.com"})
    with pytest.raises(InvalidResponseError, match=r"GET /v1/surveys is not as documented at \$: it is"):
        answer.json()


async def test_model_of_ones_own_is_filled() -> None:
    """A program can describe an endpoint without a method by a model of its own; unknown fields are reported."""
    reported: list[Event] = []
    async with serving(on_event=reported.append) as (fake, client):
        fake.fail(Answer(200, json.dumps({"badgeName": "Gold", "colour": 3}).encode()))
        answer = await client.get("/v1/badges/b-1", model=Badge)
    assert (answer.value.badge_name, answer.value.extra) == ("Gold", {"colour": 3})
    assert UnknownField("Badge", "colour") in reported


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (Answer(200, b'{"badgeName": 3}'), InvalidResponseError, r"at \$\.badgeName: expected a string"),
        (Answer(200, b"{}"), InvalidResponseError, r"at \$\.badgeName: it is missing"),
        (Answer(206, b'{"badgeName": "a"}'), InvalidResponseError, "its status is 206"),
        (Answer(404, b""), NotFoundError, "404 for GET /v1/badges/b-1"),
    ],
)
async def test_model_is_made_of_a_whole_answer_only(
    answer: Answer, error: type[Exception], message: str
) -> None:
    """An answer that is not as its model documents it, or is not a 200, is the error that it is everywhere."""
    async with serving() as (fake, client):
        fake.fail(answer)
        with pytest.raises(error, match=message):
            await client.get("/v1/badges/b-1", model=Badge)
        assert len(fake.received) == 1


@pytest.mark.parametrize("model", [dict, list[CourseParticipant], "CourseParticipant", 3])
async def test_what_is_not_a_model_class_is_refused(model: Any) -> None:
    """A model that is not a model class is refused before anything is sent."""
    async with serving() as (fake, client):
        with pytest.raises(UsageError, match="model takes a model class"):
            await client.get(PATH, model=model)
        assert not fake.received


async def types_of_answers(client: MeltingSpotClient) -> tuple[RawResponse, Response[CourseParticipant]]:
    """Type checkers know what get gives; this is only read by them."""
    raw: Callable[[], object] = (await client.get(PATH)).json
    status: int = (await client.get(PATH, {"limit": 1}, model=CourseParticipant)).value.completion_rate
    return RawResponse(status, {}, str(raw).encode()), await client.get(PATH, model=CourseParticipant)

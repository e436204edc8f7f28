"""Every GET of the contract has a method, which can send each of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import attrs
import pytest

from meltingspot_async import (
    Event,
    FetchResult,
    MeltingSpotClient,
    NotFoundError,
    ParticipantStatus,
    Range,
    RateLimit,
    SpotMemberRole,
    UnknownField,
    UnknownValue,
    UsageError,
    models,
    resources,
)
from meltingspot_async.models._frozen import JsonObject
from meltingspot_async.resources._base import Resource
from meltingspot_async.testing import FakeMeltingSpot

from .contract import KNOWN, OPERATIONS, fill, parameters

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
AFTER, BEFORE = Range(gt=1, gte=1), Range(lt=9, lte=9)
FIGURES = (
    "average_view_time",
    "invited",
    "registrant",
    "attendee",
    "attendance_rate",
    "no_show",
    "total_replay_view",
)
PEOPLE = {"emails": ["a@example.com"], "firstnames": ["Ada"], "lastnames": ["Byron"]}
ENROLLED = ({**PEOPLE, "status": ParticipantStatus.STARTED}, {"status": ["Started", "Invited"]})
REGISTERED = {"registration_date_before": WHEN, "registration_date_after": WHEN}


@attrs.frozen
class Call:
    """How a program calls an operation: resource, method, ids, and arguments that use each parameter once."""

    resource: str
    method: str
    ids: tuple[str, ...] = ()
    arguments: tuple[dict[str, Any], ...] = ({},)


CALLS = {
    "listcourses": Call("courses", "list", (), ({"status": "Draft", "privacy": "Secret"},)),
    "listcourseparticipants": Call("course_participants", "list", ("courseId",), ENROLLED),
    "getcourseparticipant": Call("course_participants", "get", ("courseId", "courseParticipantId")),
    "listlearningpathparticipants": Call("learning_path_participants", "list", ("learningPathId",), ENROLLED),
    "getlearningpathparticipant": Call(
        "learning_path_participants", "get", ("learningPathId", "learningPathParticipantId")
    ),
    "listlives": Call(
        "lives",
        "list",
        (),
        (
            {"title": "a", "title_contains": "b", "status": "Live", "replay": True, "start_date": WHEN},
            {"solution": "Vimeo", "built_in_type": "Workshop", "start_date": Range(gt=WHEN, lt=WHEN)},
            {"solution": ["Vimeo", "Youtube"], "start_date": Range(gte=WHEN, lte=WHEN)},
            {"built_in_type": ["Workshop", "Conference"]},
            *(dict.fromkeys(FIGURES, bounds) for bounds in (5, AFTER, BEFORE)),
        ),
    ),
    "getlive": Call("lives", "get", ("liveId",)),
    "listliveparticipants": Call(
        "live_participants",
        "list",
        ("liveId",),
        (
            {"email": "a", "firstname": "b", "lastname": "c", "type": "Host", "status": "Invited"},
            {"email_contains": "a", "firstname_contains": "b", "lastname_contains": "c"},
            {"type": ["Host", "Speaker"], "status": ["Invited", "Accepted"]},
            {"has_replayed": True, "has_participated": False},
        ),
    ),
    "listspotmembers": Call(
        "spot_members",
        "list",
        (),
        (
            {**PEOPLE, **REGISTERED, "custom_role_id": "r-1"},
            {"invitation_date_before": WHEN, "invitation_date_after": WHEN},
        ),
    ),
    "getspotmember": Call("spot_members", "get", ("spotMemberId",)),
    "listspotmembercustomformanswers": Call("custom_form_answers", "list", ("spotMemberId",)),
    "listspotmembercustompropertiesvalues": Call("custom_properties", "list", ("spotMemberId",)),
    "listspotmembercustomroles": Call(
        "custom_roles", "list", (), ({"label": "a", "label_contains": "b"}, {"label": ["a", "b"]})
    ),
    "getspotmembercustomrole": Call("custom_roles", "get", ("customRoleId",)),
    "listgroups": Call("groups", "list", (), ({"name": "a", "name_contains": "b"},)),
    "listgroupmembers": Call(
        "groups",
        "list_members",
        ("groupId",),
        ({**PEOPLE, **REGISTERED, "roles": [SpotMemberRole.ADMIN]},),
    ),
    "listchannels": Call("channels", "list"),
    "getchannel": Call("channels", "get", ("channelId",)),
    "listchannelmembers": Call("channels", "list_members", ("channelId",), ({**PEOPLE, **REGISTERED},)),
    "listforums": Call("forums", "list", (), ({"name": "a", "name_contains": "b"},)),
    "getforum": Call("forums", "get", ("forumId",)),
    "exportactivities": Call(
        "activities",
        "export",
        (),
        (
            {"from_date": WHEN, "to_date": WHEN, "filters": {"eventType[eq]": "LiveAttended"}, "limit": 7},
            {"from_event_id": "e", "event_types": ["LiveAttended", "TopicVoted"]},
        ),
    ),
}


async def finish(work: Any) -> None:
    """Await an item, or iterate over a list; a 404 for the made-up ids is expected."""
    try:
        if isinstance(work, AsyncIterable):
            async for _ in cast("AsyncIterable[object]", work):
                pass
        else:
            await work
    except NotFoundError:
        pass


def method_of(client: MeltingSpotClient, call: Call) -> Any:
    return getattr(getattr(client, call.resource), call.method)


def test_every_operation_has_a_method() -> None:
    """The calls tested here cover each GET of the contract and nothing else."""
    assert set(CALLS) == set(OPERATIONS)


async def test_every_method_has_an_operation(meltingspot: MeltingSpotClient) -> None:
    """Every public method of a resource calls an operation of the contract, or is its get_many or list_many."""
    public = {
        (name, method)
        for name in dir(meltingspot)
        if isinstance(resource := getattr(meltingspot, name), Resource)
        for method in dir(resource)
        if not method.startswith("_")
    }
    assert len({name for name, _ in public}) == len(resources.__all__)
    reached = {(call.resource, call.method) for call in CALLS.values()}
    gets, lists = ({name for name, method in reached if method == verb} for verb in ("get", "list"))
    of_several = {("course_participants", "list_many"), ("learning_path_participants", "list_many")}
    assert public == reached | {(name, "get_many") for name in gets & lists} | of_several


@pytest.mark.parametrize("operation_id", OPERATIONS)
async def test_every_parameter_can_be_sent(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, operation_id: str
) -> None:
    """A method requests the path of its operation; its arguments send all documented parameters and no others."""
    call, (path, operation) = CALLS[operation_id], OPERATIONS[operation_id]
    for arguments in call.arguments:
        await finish(method_of(meltingspot, call)(*(f"id of {name}" for name in call.ids), **arguments))
    asked = [unquote(request.url).partition("?") for request in fake_meltingspot.received]
    assert {where for where, _, _ in asked} == {
        path.format_map({name: f"id of {name}" for name in parameters(operation, "path")})
    }
    sent = {name for _, _, query in asked for name, _ in parse_qsl(query)}
    assert sent == parameters(operation, "query")


@pytest.mark.parametrize("operation_id", [name for name in OPERATIONS if name != "exportactivities"])
async def test_method_reads_the_documented_examples(operation_id: str) -> None:
    """A method gives the documented examples as models, and a list gives each once."""
    async with FakeMeltingSpot(limits=[RateLimit(1000, per=1.0)]) as fake:
        fill(fake)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            call = CALLS[operation_id]
            work = method_of(client, call)(*(KNOWN[name] for name in call.ids))
            if call.method == "get":
                assert (await work).id == KNOWN[call.ids[-1]]
            else:
                items = [item async for item in work]
                assert items
                assert len(items) == len(set(items))
        assert len(fake.received) == 1


@pytest.mark.parametrize(
    "operation_id", [name for name, call in CALLS.items() if call.method == "get" and call.ids]
)
async def test_get_many_reads_items_from_a_page_of_their_list(operation_id: str) -> None:
    """Each resource with get and list has get_many, which takes items from a page and refuses wrong arguments."""
    async with FakeMeltingSpot(limits=[RateLimit(1000, per=1.0)]) as fake:
        fill(fake)
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
            call = CALLS[operation_id]
            *parents, own = (KNOWN[name] for name in call.ids)
            get_many = getattr(client, call.resource).get_many
            wanted = [own, "nobody", "nothing"]
            results: dict[str, FetchResult[Any]] = {
                result.id: result async for result in get_many(*parents, wanted)
            }
        found = results[own].value
        assert found is not None
        assert found.id == own
        assert all(isinstance(results[name].error, NotFoundError) for name in ("nobody", "nothing"))
        assert len(fake.received) == 3
        with pytest.raises(UsageError, match="ids"):
            get_many(*parents, "one text")
        with pytest.raises(UsageError, match="concurrency"):
            get_many(*parents, wanted, concurrency=0)
        with pytest.raises(UsageError, match="on_error"):
            get_many(*parents, wanted, on_error="ignore")


@pytest.mark.parametrize(
    ("operation_id", "position"),
    [(name, position) for name, call in CALLS.items() for position in range(len(call.ids))],
)
async def test_impossible_id_is_refused(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, operation_id: str, position: int
) -> None:
    """An empty id, or one that is not a text, is a UsageError that names the argument; no request is sent."""
    call = CALLS[operation_id]
    method = method_of(meltingspot, call)
    argument = list(inspect.signature(method).parameters)[position]
    for nothing in ("", " ", ".", "..", None, 7):
        ids: list[object] = ["x"] * len(call.ids)
        ids[position] = nothing
        with pytest.raises(UsageError, match=f"^{argument} must be"):
            await finish(method(*ids))
    assert not fake_meltingspot.received


METHODS = {(call.resource, call.method): call for call in CALLS.values()}
OF_LISTS = {"page_size", "limit", "unit"}
ARGUMENTS = OF_LISTS.union(name for call in CALLS.values() for given in call.arguments for name in given)
"""All arguments of methods but ids."""


@pytest.mark.parametrize("call", METHODS.values(), ids=map(".".join, METHODS))
async def test_argument_of_the_wrong_type_is_refused(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, call: Call
) -> None:
    """An argument of a wrong type, empty, or without timezone is a UsageError that names it; no request is sent."""
    function = method_of(meltingspot, call)
    parameters = inspect.signature(function).parameters
    for argument in (name for name in list(parameters)[len(call.ids) :] if name in ARGUMENTS):
        begin = {"from_date": WHEN} if call.method == "export" and argument != "from_event_id" else {}
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point
        annotation = str(parameters[argument].annotation)
        wrong: list[object] = [object(), "", [], [object()], 1.5]
        wrong += [naive, Range(gte=naive)] if "datetime" in annotation else []
        wrong += [Range(), Range(gt="5"), True] if "Range" in annotation else []
        for value in wrong:
            with pytest.raises(UsageError, match=f"^{argument}"):
                await finish(function(*("x" for _ in call.ids), **{**begin, argument: value}))
    assert not fake_meltingspot.received


async def test_datetime_filters_are_sent_in_seconds_by_default(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """A datetime filter is sent as a Unix timestamp, in seconds or, with unit="ms", in milliseconds."""
    moment = datetime.fromisoformat("2026-01-01T02:00:00.750+02:00")
    await finish(meltingspot.lives.list(start_date=Range(gte=moment)))
    await finish(meltingspot.spot_members.list(invitation_date_after=moment, unit="ms"))
    first, second = (request.url for request in fake_meltingspot.received)
    assert "startDate[gte]=1767225600&" in first
    assert "invitationDate[after]=1767225600750&" in second


async def test_unknown_field_or_value_is_reported_once() -> None:
    """A client reports an unknown field or value once, whether an item or a list contained it."""
    events: list[Event] = []
    async with FakeMeltingSpot() as fake:
        odd = JsonObject({"somethingNew": 1})
        fake.add(
            models.Course(id="a", status=models.CourseStatus("Odd")), models.Forum(**FORUM, id="f", extra=odd)
        )
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, on_event=events.append) as client:
            for _ in range(2):
                await finish(client.courses.list())
                assert (await client.forums.get("f")).extra == odd
    assert [event for event in events if isinstance(event, UnknownField | UnknownValue)] == [
        UnknownValue("CourseStatus", "Odd"),
        UnknownField("Forum", "somethingNew"),
    ]


FORUM: dict[str, Any] = {
    "name": "n",
    "description": None,
    "created_at": WHEN,
    "privacy": models.ForumPrivacy.PRIVATE,
}

"""What is added to the fake service is where the service has it."""

from __future__ import annotations

from typing import Any

import pytest

from meltingspot_async import MeltingSpotClient, UsageError, to_dict
from meltingspot_async.models import Model
from meltingspot_async.models._names import camel_case
from meltingspot_async.testing import (
    FakeMeltingSpot,
    make_activity,
    make_channel,
    make_course,
    make_course_participant,
    make_custom_property_value,
    make_custom_role,
    make_forum,
    make_group,
    make_learning_path_participant,
    make_live,
    make_live_metrics,
    make_live_participant,
    make_spot_member,
)

HOMES: list[tuple[Model, str]] = [
    (make_channel(), "/v1/channels/channel-0"),
    (make_course(), "/v1/courses/course-0"),
    (make_course_participant(), "/v1/courses/course-1/participants/participant-0"),
    (make_custom_role(), "/v1/spotMemberCustomRole/role-0"),
    (make_forum(), "/v1/forums/forum-0"),
    (make_group(), "/v1/groups/group-0"),
    (make_learning_path_participant(), "/v1/learningPaths/learning-path-1/participants/participant-0"),
    (make_live(), "/v1/lives/live-0"),
    (make_live_participant(), "/v1/lives/live-1/participants/participant-0"),
    (make_spot_member(), "/v1/spotMembers/member-0"),
    (make_activity(), "/v1/activities~export?fromDate[eq]=0"),
]


@pytest.mark.parametrize("as_json", [False, True], ids=["model", "json"])
@pytest.mark.parametrize(("item", "path"), HOMES, ids=lambda value: type(value).__name__)
async def test_item_is_given_where_it_belongs(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, item: Any, path: str, as_json: bool
) -> None:
    """A model, and the JSON of it with fields that nobody documents, are what the service then answers with."""
    document = {**to_dict(item), "undocumented": [1, {"a": None}]}
    fake_meltingspot.add(document if as_json else item)
    where, _, query = path.partition("?")
    answer = await meltingspot.get(where, params=dict([query.split("=")]) if query else None)
    body: str = answer.body.decode()
    for name in document if as_json else to_dict(item):
        assert f'"{name}"' in body


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"id": "x"}, "/v1/courses/x"),
        ({"id": "x", "name": "Sales"}, "/v1/groups/x"),
        ({"id": "x", "title": "Onboarding", "cover": "a.png", "slug": "x"}, "/v1/courses/x"),
    ],
)
async def test_short_json_is_the_model_that_needs_no_more(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, document: dict[str, object], path: str
) -> None:
    """JSON with few fields is an item of the model that requires no others."""
    fake_meltingspot.add(document)
    assert (await meltingspot.get(path)).status == 200


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("participant-1", "not str"),
        ([make_group()], "not list. Several items are several arguments"),
        (None, "not NoneType"),
        (make_live_metrics(), "A LiveMetrics does not say where it belongs"),
        (make_custom_property_value(), "use add_to"),
        ({}, "no field of any model"),
        ({"colour": "red"}, "no field of any model"),
        ({"id": "p", "course_id": "c"}, "'courseId' instead of 'course_id'"),
        (
            {"id": "p", "courseId": "c", "status": "Started"},
            "like a CourseParticipant, but of .*: it is missing",
        ),
        ({**to_dict(make_group()), "name": 7}, r"like a Group, but of \$\.name: expected a string"),
    ],
)
def test_item_that_has_no_place_is_refused(item: Any, problem: str) -> None:
    """``add`` says what it takes, or which field of JSON keeps it from being what it looks like."""
    with pytest.raises(UsageError, match=problem):
        FakeMeltingSpot().add(item)


def test_spelling_of_the_service_has_no_underscore() -> None:
    """The check for snake_case in JSON relies on names of the service without underscores."""
    assert camel_case("courseId") == "courseId"

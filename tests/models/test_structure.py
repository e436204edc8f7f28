"""From bytes to models: an answer that does not fit is an error with the field's path and without its value."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import CourseParticipant, InvalidResponseError, Model, ParticipantStatus
from meltingspot_async._paging.page import Page
from meltingspot_async.models._converter import structure

from ..support.documents import DOCUMENTED, PATH, json_values, participant, refusal

NAMES = {"spotMemberFirstname", "spotMemberLastname"}
DATES = {"invitedAt", "startedAt", "completedAt", "unenrolledAt", "lastActivityAt"}


def test_documented_example_becomes_a_participant() -> None:
    """The documented example becomes a participant with all 13 fields, each of its own type."""
    assert participant() == CourseParticipant(
        id="cp-1",
        course_id="course-1",
        spot_member_id="member-1",
        spot_member_email="ada@example.com",
        spot_member_firstname="Ada",
        spot_member_lastname=None,
        status=ParticipantStatus.STARTED,
        invited_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        started_at=datetime(2026, 1, 7, 9, 0, 0, 123000, tzinfo=UTC),
        completed_at=None,
        unenrolled_at=None,
        last_activity_at=datetime(2026, 1, 9, 9, 0, tzinfo=timezone(timedelta(hours=2))),
        completion_rate=42,
    )
    assert len(attrs.fields(CourseParticipant)) == len(DOCUMENTED) + 1 == 14


@pytest.mark.parametrize("field", DOCUMENTED)
def test_missing_field_is_named(field: str) -> None:
    """A documented field that is missing is an error with its JSON path."""
    body = {name: value for name, value in DOCUMENTED.items() if name != field}
    error = refusal(json.dumps(body).encode())
    assert (error.field, error.problem) == (f"$.{field}", "it is missing")


def test_first_odd_item_ends_a_page() -> None:
    """A page of a million zeros costs the error of its first item, not a million errors."""
    zeros = b'{"total": 1000000, "items": [' + b"0," * 999_999 + b"0]}"
    with pytest.raises(InvalidResponseError) as refused:
        structure(zeros, Page[CourseParticipant], PATH)
    assert (refused.value.field, refused.value.problem) == ("$.items[0]", "expected an object, got a number")
    assert refused.value.__context__ is None


@attrs.frozen(kw_only=True)
class Node(Model):
    """A model of a program's own that can hold its like."""

    parent: Node | None = None
    children: tuple[Node, ...] = ()


def test_model_can_hold_its_like() -> None:
    """A model of a program's own may have fields of its own class, and what does not fit there is named."""
    found = structure(b'{"parent": {"children": [{"parent": null}]}}', Node, PATH)
    assert found == Node(parent=Node(children=(Node(),)))
    with pytest.raises(InvalidResponseError) as refused:
        structure(b'{"parent": {"children": [{"parent": 1}]}}', Node, PATH)
    assert refused.value.field == "$.parent.children[0].parent"


def fits(field: str, value: object) -> bool:
    """Whether the documentation allows this value (texts for dates aside)."""
    if field == "completionRate":
        return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    if field in DATES:
        return value is None
    return isinstance(value, str) or (field in NAMES and (value is None or value == {}))


@given(field=st.sampled_from(sorted(DOCUMENTED)), value=json_values)
def test_wrong_type_is_refused(field: str, value: object) -> None:
    """Any JSON value of another type than documented is an error with the field's JSON path."""
    body = json.dumps(DOCUMENTED | {field: value}).encode()
    if fits(field, value):
        structure(body, CourseParticipant, PATH)
    elif not (field in DATES and isinstance(value, str)):
        assert refusal(body).field == f"$.{field}"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("id", None, "expected a string, got null"),
        ("status", 3, "expected a string, got a number"),
        ("status", True, "expected a string, got a boolean"),
        ("spotMemberFirstname", {"secret": "Ada"}, "expected a string, got an object"),
        ("spotMemberEmail", ["ada@example.com"], "expected a string, got an array"),
        ("completionRate", "42", "expected a whole number, got a string"),
        ("completionRate", 2.9, "expected a whole number, got a fraction"),
        ("completionRate", False, "expected a whole number, got a boolean"),
        ("invitedAt", 1715095714, "expected a string, got a number"),
        ("invitedAt", "yesterday", "expected an ISO 8601 date and time, got another text"),
        ("invitedAt", "2026-01-05T09:00:00", "expected a date and time with its UTC offset, got one without"),
    ],
)
def test_error_speaks_of_types_only(field: str, value: object, problem: str) -> None:
    """An error names the field, the type expected and the type found, and never the value."""
    error = refusal(json.dumps(DOCUMENTED | {field: value}).encode())
    assert (error.field, error.problem, error.path) == (f"$.{field}", problem, PATH)
    shown = repr(error) + str(error)
    assert not any(secret in shown for secret in ("Ada", "ada@", "1715095714", "yesterday", "2026"))
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"<html>login</html>", "it is not JSON"),
        (b'{"id": ', "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it has more than 200 arrays and objects within each other"),
        (b"null", "expected an object, got null"),
        (b"[]", "expected an object, got an array"),
        (b'"text"', "expected an object, got a string"),
        (b"17", "expected an object, got a number"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else "",
)
def test_body_that_is_not_an_object_is_refused(body: bytes, problem: str) -> None:
    """A body that is not a JSON object is an error at $."""
    error = refusal(body)
    assert (error.field, error.problem) == ("$", problem)


@given(st.builds(json.dumps, json_values).map(str.encode) | st.binary())
def test_any_body_is_a_participant_or_an_error(body: bytes) -> None:
    """Any bytes that are not a participant end in an InvalidResponseError."""
    refusal(body)

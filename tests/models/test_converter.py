"""From bytes to models, and nothing waved through."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    CourseParticipant,
    Drift,
    InvalidResponseError,
    ParticipantStatus,
    UnknownField,
    UnknownValue,
    models,
)
from meltingspot_async._http.reporter import Reporter
from meltingspot_async.models._converter import structure, to_dict

from ..contract.contract import SCHEMAS

DOCUMENTED = json.loads((Path(__file__).parents[1] / "fixtures" / "course_participant.json").read_text())
PATH = "/v1/courses/c/participants/p"
NAMES = {"spotMemberFirstname", "spotMemberLastname"}
DATES = {"invitedAt", "startedAt", "completedAt", "unenrolledAt", "lastActivityAt"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def participant(**changes: object) -> CourseParticipant:
    return structure(json.dumps(DOCUMENTED | changes).encode(), CourseParticipant, PATH)


def refusal(body: bytes) -> InvalidResponseError:
    with pytest.raises(InvalidResponseError) as refused:
        structure(body, CourseParticipant, PATH)
    return refused.value


def test_every_documented_field_is_there() -> None:
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


def test_participants_are_frozen_and_can_be_kept_in_sets() -> None:
    """A participant cannot be changed, and equal ones are one."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        participant().status = ParticipantStatus.COMPLETED  # type: ignore[misc]
    assert len({participant(), participant()}) == 1


def test_names_and_email_stay_out_of_the_repr() -> None:
    """A participant in a log record tells nothing of the person."""
    shown = repr(participant(spotMemberLastname="Byron"))
    assert not {"Ada", "Byron", "ada@example.com"} & set(shown.replace("'", " ").split())
    assert "spot_member_email='…'" in shown
    assert "spot_member_firstname=None" in repr(participant(spotMemberFirstname=None))


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("nothing", [None, {}])
def test_no_name_is_none(name: str, nothing: object) -> None:
    """Null and the documentation's {} both mean that there is no name."""
    attribute = "spot_member_firstname" if "First" in name else "spot_member_lastname"
    assert getattr(participant(**{name: nothing}), attribute) is None


def test_unknown_fields_are_kept() -> None:
    """A field the documentation does not know does no harm, and stays in extra, which cannot be changed."""
    extended = participant(somethingNew={"a": [1]}, extra="theirs")
    assert extended.extra == {"somethingNew": {"a": [1]}, "extra": "theirs"}
    assert attrs.evolve(extended, extra=participant().extra) == participant()
    assert hash(extended) != hash(participant())
    assert to_dict(extended) == {**to_dict(participant()), **extended.extra}
    for copied in (pickle.loads(pickle.dumps(extended)), copy.deepcopy(extended)):
        assert copied == extended
    with pytest.raises(TypeError):
        extended.extra["somethingNew"] = 1  # type: ignore[index]


def test_what_extra_holds_stays_out_of_the_repr() -> None:
    """A repr tells the names of unknown fields, not their values, and no name that is an email."""
    shown = repr(participant(phone="+33 1 23", **{"ada@example.com": 1}))
    assert "<JsonObject: phone, [email]>" in shown
    assert "+33" not in shown
    assert "<JsonObject: empty>" in repr(participant())
    assert len(participant(phone=1).extra) == 1


@pytest.mark.parametrize("field", DOCUMENTED)
def test_a_missing_field_is_named(field: str) -> None:
    """A documented field that is missing is an error with its JSON path."""
    body = {name: value for name, value in DOCUMENTED.items() if name != field}
    error = refusal(json.dumps(body).encode())
    assert (error.field, error.problem) == (f"$.{field}", "it is missing")


def fits(field: str, value: object) -> bool:
    """Whether the documentation allows this value (texts for dates aside)."""
    if field == "completionRate":
        return isinstance(value, int) and not isinstance(value, bool)
    if field in DATES:
        return value is None
    return isinstance(value, str) or (field in NAMES and (value is None or value == {}))


@given(field=st.sampled_from(sorted(DOCUMENTED)), value=json_values)
def test_no_wrong_type_is_waved_through(field: str, value: object) -> None:
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
def test_the_error_says_what_is_wrong_in_types_only(field: str, value: object, problem: str) -> None:
    """An error names the field, the type expected and the type found, and never the value."""
    error = refusal(json.dumps(DOCUMENTED | {field: value}).encode())
    assert (error.field, error.problem, error.path) == (f"$.{field}", problem, PATH)
    told = repr(error) + str(error)
    assert not any(secret in told for secret in ("Ada", "ada@", "1715095714", "yesterday", "2026"))
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
        (b"[" * 100_000, "it is not JSON"),
        (b"null", "expected an object, got null"),
        (b"[]", "expected an object, got an array"),
        (b'"text"', "expected an object, got a string"),
        (b"17", "expected an object, got a number"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else "",
)
def test_a_body_that_is_no_object_is_refused_as_a_whole(body: bytes, problem: str) -> None:
    """Anything but a JSON object is an error at $."""
    error = refusal(body)
    assert (error.field, error.problem) == ("$", problem)


@pytest.mark.parametrize(
    ("model", "field", "value", "problem"),
    [
        (models.Channel, "autoJoin", "false", "expected a boolean, got a string"),
        (models.Channel, "autoJoin", 0, "expected a boolean, got a number"),
        (models.SpotMember, "warnings", "2", "expected a number, got a string"),
        (models.SpotMember, "warnings", True, "expected a number, got a boolean"),
        (models.SpotMember, "embedBaseUrls", [], "expected an object, got an array"),
        (models.SpotMember, "embedBaseUrls", {"default": 1}, "expected a string, got a number"),
        (models.SpotMember, "updatedAt", 1.5, "expected a whole number, got a fraction"),
        (models.SpotMember, "updatedAt", True, "expected a whole number, got a boolean"),
        (models.SpotMember, "updatedAt", 10**17, "expected milliseconds since 1970, got a number far beyond any date"),
        (models.SpotMember, "updatedAt", "2026-01-05T09:00:00",
         "expected a date and time with its UTC offset, got one without"),
        (models.CustomRole, "permissions", "live.*", "expected an array, got a string"),
        (models.CustomPropertyValue, "value", {"a": 1},
         "expected a text, a number, a boolean or an array, got an object"),
        (models.CustomPropertyValue, "value", [1], "expected a string, got a number"),
        (models.Live, "metrics", None, "expected an object, got null"),
    ],
)  # fmt: skip
def test_no_model_takes_a_value_of_another_type(model: type, field: str, value: object, problem: str) -> None:
    """Flags, numbers, milliseconds, objects and values of properties are checked like everything else."""
    body = json.dumps({**SCHEMAS[model.__name__]["examples"][0], field: value}).encode()
    with pytest.raises(InvalidResponseError) as refused:
        structure(body, model, PATH)
    assert (refused.value.field, refused.value.problem) == (f"$.{field}", problem)


def test_milliseconds_become_datetimes() -> None:
    """Integers of milliseconds and ISO 8601 strings both become aware datetimes, and integers again when written."""
    member = SCHEMAS["SpotMember"]["examples"][0]
    for written in (1767603600123, "2026-01-05T10:00:00.123+01:00"):
        found = structure(json.dumps({**member, "updatedAt": written}).encode(), models.SpotMember, PATH)
        assert found.updated_at == datetime(2026, 1, 5, 9, 0, 0, 123000, tzinfo=UTC)
        assert to_dict(found)["updatedAt"] == 1767603600123


def test_what_is_unknown_is_noticed() -> None:
    """Unknown fields and enum values are told by name, those with an email in them without it."""
    noticed: list[Drift] = []
    body = json.dumps(DOCUMENTED | {"status": "Paused", "newField": 1, "ada@example.com": 2}).encode()
    structure(body, CourseParticipant, PATH, noticed.append)
    assert noticed == [
        UnknownValue("ParticipantStatus", "Paused"),
        UnknownField("CourseParticipant", "newField"),
        UnknownField("CourseParticipant", "[email]"),
    ]
    assert str(noticed[0]) == "ParticipantStatus has a value that is not documented: Paused"
    structure(body, CourseParticipant, PATH)
    assert len(noticed) == 3


def test_made_up_names_are_not_told_without_end() -> None:
    """A service that makes up names as it goes fills neither the log nor the memory."""
    told: list[object] = []
    teller = Reporter(told.append)
    for number in range(3_000):
        teller.notice(UnknownField("Course", f"field {number}"))
        teller.notice(UnknownField("Course", "field 0"))
    assert len(told) == len(set(told)) == 1_000


@given(st.builds(json.dumps, json_values).map(str.encode) | st.binary())
def test_no_body_escapes_the_error(body: bytes) -> None:
    """Whatever the bytes, the outcome is a participant or an InvalidResponseError."""
    refusal(body)


def test_a_model_can_be_written_as_the_service_writes_it() -> None:
    """Written back, a participant reads as the same participant, in the service's names."""
    document = to_dict(participant())
    assert set(document) == set(DOCUMENTED)
    assert document["startedAt"] == "2026-01-07T09:00:00.123000Z"
    assert participant(**document) == participant()


@given(st.text())
def test_any_status_lives(value: str) -> None:
    """A status is equal and hashable like its string, known or not, pickled or copied."""
    status = ParticipantStatus(value)
    assert (status, status.value, hash(status), str(status)) == (value, value, hash(value), value)
    assert isinstance(status, ParticipantStatus)
    assert status.is_known == (value in {"Invited", "Started", "Completed", "Unenrolled"})
    for twin in (pickle.loads(pickle.dumps(status)), copy.copy(status), copy.deepcopy(status)):
        assert (twin, type(twin), twin.is_known) == (status, ParticipantStatus, status.is_known)


def test_unknown_statuses_are_not_kept() -> None:
    """The class lists the documented values only, however many others have been seen."""
    assert participant(status="Paused").status == "Paused"
    assert [status.value for status in ParticipantStatus] == ["Invited", "Started", "Completed", "Unenrolled"]
    assert ParticipantStatus("Paused") is not ParticipantStatus("Paused")
    assert repr(ParticipantStatus("Paused")) == "<ParticipantStatus: 'Paused' (unknown)>"
    assert repr(ParticipantStatus.COMPLETED) == "<ParticipantStatus: 'Completed'>"


@pytest.mark.parametrize("value", [None, 3, True, b"Started"])
def test_a_status_is_a_text(value: str) -> None:
    """What is not a string is no status."""
    with pytest.raises(ValueError, match="is not a valid ParticipantStatus"):
        ParticipantStatus(value)

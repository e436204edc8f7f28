"""Values of fields: each kind is checked and structured as a Python value."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from meltingspot_async import InvalidResponseError, models, to_dict
from meltingspot_async.models._converter import structure

from ..contract.contract import SCHEMAS
from ..support.documents import PATH, participant


@pytest.mark.parametrize("name", ["spotMemberFirstname", "spotMemberLastname"])
@pytest.mark.parametrize("nothing", [None, {}])
def test_absent_name_is_none(name: str, nothing: object) -> None:
    """Null and the documentation's {} both mean that there is no name."""
    attribute = "spot_member_firstname" if "First" in name else "spot_member_lastname"
    assert getattr(participant(**{name: nothing}), attribute) is None


@pytest.mark.parametrize(
    ("model", "field", "value", "problem"),
    [
        (models.Channel, "autoJoin", "false", "expected a boolean, got a string"),
        (models.Channel, "autoJoin", 0, "expected a boolean, got a number"),
        (models.SpotMember, "warnings", "2", "expected a number, got a string"),
        (models.SpotMember, "warnings", True, "expected a number, got a boolean"),
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
def test_every_kind_of_value_is_checked(model: type, field: str, value: object, problem: str) -> None:
    """A boolean, number, array, object or custom property of a wrong type is an error that names types only."""
    body = json.dumps({**SCHEMAS[model.__name__]["examples"][0], field: value}).encode()
    with pytest.raises(InvalidResponseError) as refused:
        structure(body, model, PATH)
    assert (refused.value.field, refused.value.problem) == (f"$.{field}", problem)


LENIENT: list[tuple[type[models.Model], str, str, list[object]]] = [
    (models.SpotMember, "embedBaseUrls", "embed_base_urls", [["https://a.example"], {"default": 1}, "x", 7]),
    (
        models.CustomPropertyValue,
        "possibleValues",
        "possible_values",
        [{"a": "b"}, [{"slug": "a"}], [1], "a"],
    ),
    (models.Course, "description", "description", [[{"type": "p"}], {"text": "x"}, 7, False]),
    (models.Channel, "readonly", "readonly", ["false", 0, {}]),
    (models.Live, "description", "description", ["**Markdown**", ["text"], {"type": "p"}, 7]),
]
"""Fields that are known by an example only, and values of shapes that the example does not have."""


@pytest.mark.parametrize(("model", "field", "attribute", "odd"), LENIENT)
def test_field_known_by_an_example_takes_any_shape(
    model: type[models.Model], field: str, attribute: str, odd: list[object]
) -> None:
    """A field that is known by an example only may be null, absent or of another shape, which extra keeps."""
    example = SCHEMAS[model.__name__]["examples"][0]
    absent = {name: value for name, value in example.items() if name != field}
    for document in (absent, absent | {field: None}):
        assert getattr(models.from_dict(model, document), attribute) is None
    for value in odd:
        found = models.from_dict(model, example | {field: value})
        assert getattr(found, attribute) is None
        assert found.extra[field] == value
        assert to_dict(found)[field] == value
        assert models.from_dict(model, to_dict(found)) == found


@pytest.mark.parametrize(("written", "expected"), [(33.0, 33), (1e2, 100), (-0.0, 0), (33, 33)])
def test_whole_number_may_be_written_as_a_float(written: float, expected: int) -> None:
    """33.0 is a whole number, as JSON Schema counts it, and is read as 33."""
    found = participant(completionRate=written).completion_rate
    assert (type(found), found) == (int, expected)


def test_milliseconds_become_datetimes() -> None:
    """Milliseconds and ISO 8601 strings become the same aware datetime, which is written back as milliseconds."""
    member = SCHEMAS["SpotMember"]["examples"][0]
    for written in (1767603600123, "2026-01-05T10:00:00.123+01:00"):
        found = structure(json.dumps({**member, "updatedAt": written}).encode(), models.SpotMember, PATH)
        assert found.updated_at == datetime(2026, 1, 5, 9, 0, 0, 123000, tzinfo=UTC)
        assert to_dict(found)["updatedAt"] == 1767603600123


def test_date_may_be_written_with_small_letters() -> None:
    """RFC 3339, by which the service documents its dates, allows t and z for T and Z."""
    found = participant(startedAt="2025-05-04t09:42:00z").started_at
    assert found == datetime(2025, 5, 4, 9, 42, tzinfo=UTC)

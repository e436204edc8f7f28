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
def test_every_kind_of_value_is_checked(model: type, field: str, value: object, problem: str) -> None:
    """A boolean, number, array, object or custom property of a wrong type is an error that names types only."""
    body = json.dumps({**SCHEMAS[model.__name__]["examples"][0], field: value}).encode()
    with pytest.raises(InvalidResponseError) as refused:
        structure(body, model, PATH)
    assert (refused.value.field, refused.value.problem) == (f"$.{field}", problem)


def test_milliseconds_become_datetimes() -> None:
    """Milliseconds and ISO 8601 strings become the same aware datetime, which is written back as milliseconds."""
    member = SCHEMAS["SpotMember"]["examples"][0]
    for written in (1767603600123, "2026-01-05T10:00:00.123+01:00"):
        found = structure(json.dumps({**member, "updatedAt": written}).encode(), models.SpotMember, PATH)
        assert found.updated_at == datetime(2026, 1, 5, 9, 0, 0, 123000, tzinfo=UTC)
        assert to_dict(found)["updatedAt"] == 1767603600123

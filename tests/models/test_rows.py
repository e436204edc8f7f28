"""Models as flat rows of a table."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    CourseParticipant,
    CustomPropertyValue,
    CustomRole,
    Live,
    SpotMember,
    UsageError,
    from_dict,
    models,
    to_row,
)

from ..contract.contract import SCHEMAS, model_of
from ..support.any_model import any_model
from ..support.documents import participant
from ..support.thorough import OF_EACH_MODEL, thorough

MODELS = [model_of(name) for name in SCHEMAS]


@attrs.frozen(kw_only=True)
class Inner(models.Model):
    size: int


@attrs.frozen(kw_only=True)
class Outer(models.Model):
    inner: Inner | None


def example(name: str) -> dict[str, object]:
    """A documented example."""
    first: dict[str, object] = SCHEMAS[name]["examples"][0]
    return first


def test_row_has_the_attributes_of_a_participant() -> None:
    """A row has the model's own names and Python values, an enum as plain text, and nothing of extra."""
    item = participant(status="Paused", somethingNew=1)
    row = to_row(item)
    assert row == {name: getattr(item, name) for name in list_of_attributes(item)}
    assert type(row["status"]) is str
    assert row["spot_member_email"] == "ada@example.com"


def list_of_attributes(item: CourseParticipant) -> list[str]:
    """The attributes of a participant, in order, but for extra."""
    return [field.name for field in attrs.fields(type(item)) if field.name != "extra"]


@thorough
@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
@OF_EACH_MODEL
def test_rows_of_a_model_have_the_same_columns_of_one_type_each(
    model: type[models.Model], data: st.DataObject
) -> None:
    """Whatever two models of a class hold, their rows have the same columns, each of one type or None."""
    one, other = (to_row(data.draw(any_model(model))) for _ in range(2))
    assert list(one) == list(other)
    for name, value in one.items():
        kinds = {type(value), type(other[name])} - {NoneType}
        assert len(kinds) <= 1
        assert kinds <= {str, int, float, bool, datetime}
        assert name == name.lower()


def test_fields_of_an_inner_model_are_columns() -> None:
    """The figures and the privacy of a Live are columns of their own; rich text is a text of JSON."""
    document = example("Live") | {"description": [{"type": "p", "children": [{"text": "é"}]}]}
    row = to_row(from_dict(Live, document))
    live = from_dict(Live, document)
    assert row["metrics_attendee"] == live.metrics.attendee
    assert row["privacy_visibility"] == live.privacy.visibility.value
    assert row["description"] == '[{"type":"p","children":[{"text":"é"}]}]'
    assert not {"metrics", "privacy", "extra"} & set(row)


def test_inner_model_that_is_absent_leaves_its_columns_empty() -> None:
    """An optional model within a model that is None has the columns that it always has, all of them None."""
    assert to_row(Outer(inner=None)) == {"inner_size": None}
    assert to_row(Outer(inner=Inner(size=3))) == {"inner_size": 3}


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (3, "3"), (0.5, "0.5"), (True, "true"), (["é", "b"], '["é","b"]'), (None, None)],
)
def test_value_of_a_property_is_a_text(value: object, text: str | None) -> None:
    """The value of a custom property, whose type differs from row to row, is always a text."""
    assert to_row(from_dict(CustomPropertyValue, {"value": value}))["value"] == text


def test_array_is_a_text_of_json() -> None:
    """The permissions of a role are a text that SQL and data frames can read as JSON."""
    role = from_dict(CustomRole, example("CustomRole") | {"permissions": ["live.*", "new.*"]})
    assert to_row(role)["permissions"] == '["live.*","new.*"]'


def test_number_that_may_be_a_fraction_is_a_float() -> None:
    """A column of numbers that may be fractions has no integers among them."""
    row = to_row(from_dict(SpotMember, example("SpotMember") | {"warnings": 2}))
    assert type(row["warnings"]) is float


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-05:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_datetimes_of_a_column_have_one_timezone(text: str, expected: datetime) -> None:
    """Every datetime is in UTC, also those that stand for never and for ever."""
    started = to_row(participant(startedAt=text))["started_at"]
    assert isinstance(started, datetime)
    assert (started, started.tzinfo) == (expected, UTC)
    assert participant(startedAt=text).started_at != datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("name", "kept"), [("Zo\ud83d", "Zo\ufffd"), ("Zo\ud83d\ude00e", "Zo\N{GRINNING FACE}e"), ("Zoé", "Zoé")]
)
def test_text_of_a_row_can_be_encoded(name: str, kept: str) -> None:
    """Half of an emoji, which no table can hold, is replaced; all other texts are kept."""
    assert to_row(participant(spotMemberFirstname=name))["spot_member_firstname"] == kept


def test_wrong_argument_is_refused() -> None:
    """What is not a model, and NaN where a text of JSON has to be, is a UsageError."""
    with pytest.raises(UsageError, match="to_row takes a model, not dict"):
        to_row({"id": 1})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="JSON cannot hold"):
        to_row(from_dict(Live, example("Live") | {"config": {"a": math.nan}}))

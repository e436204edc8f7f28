"""Models as documents: to_dict, to_json, and from_dict back again."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    CourseParticipant,
    InvalidResponseError,
    UsageError,
    from_dict,
    models,
    to_dict,
    to_json,
)
from meltingspot_async.testing import make_activity, make_course_participant

from ..contract.contract import SCHEMAS, model_of
from ..support.any_model import any_model
from ..support.documents import DOCUMENTED, participant
from ..support.thorough import OF_EACH_MODEL, thorough

EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name, schema in SCHEMAS.items()
    for number, example in enumerate(schema["examples"])
]
MODELS = [model_of(name) for name in SCHEMAS]


def test_to_dict_writes_a_model_as_the_service_does() -> None:
    """to_dict uses the service's names and forms of dates, and the result describes the same participant."""
    document = to_dict(participant())
    assert set(document) == set(DOCUMENTED)
    assert document["startedAt"] == "2026-01-07T09:00:00.123000Z"
    assert participant(**document) == participant()


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_documented_example_survives_the_round_trip(name: str, example: dict[str, object]) -> None:
    """For every model, from_dict is the inverse of to_dict and of to_json, unknown fields included."""
    model: type[models.Model] = getattr(models, name)
    item = from_dict(model, {**example, "somethingNew": {"deep": [1, None, "é"]}})
    assert isinstance(item, model)
    assert item.extra["somethingNew"] == {"deep": [1, None, "é"]}
    assert from_dict(model, to_dict(item)) == item
    assert json.loads(to_json(item)) == to_dict(item)
    assert "é" in to_json(item)


DEEP = {"a": [{"b": [1, 0.5, None, True]}]}
ODD: dict[str, dict[str, object]] = {
    "Live": {"config": DEEP, "description": [DEEP], "status": "Paused"},
    "SpotMember": {"embedBaseUrls": {"default": "https://e.example"}},
    "CustomPropertyValue": {"value": ["a"], "possibleValues": ["a"]},
}


def kinds_within(value: Any) -> set[type]:
    """The exact types of a value and of all that it holds."""
    kind: type[object] = value.__class__
    inner = [*value, *value.values()] if kind is dict else value if kind is list else []
    return {kind}.union(*map(kinds_within, inner))


@thorough
@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
@OF_EACH_MODEL
def test_any_model_survives_the_round_trip(model: type[models.Model], data: st.DataObject) -> None:
    """Whatever values a model holds, from_dict makes an equal one of what to_dict and to_json write."""
    item = data.draw(any_model(model))
    assert from_dict(model, to_dict(item)) == item
    assert from_dict(model, json.loads(to_json(item))) == item
    assert dict(item) == to_dict(item)


@pytest.mark.parametrize("name", SCHEMAS)
def test_document_is_made_of_plain_types(name: str) -> None:
    """to_dict gives nothing but the types that json reads: no enum, no tuple, nothing that cannot be changed."""
    document = SCHEMAS[name]["examples"][0] | {"new": DEEP} | ODD.get(name, {})
    item = from_dict(model_of(name), document)
    assert kinds_within(to_dict(item)) <= {dict, list, str, int, float, bool, type(None)}


@pytest.mark.parametrize("number", range(8))
def test_made_model_survives_the_round_trip(number: int) -> None:
    """What the factories make is equal after to_dict and from_dict."""
    participant_made, activity = make_course_participant(number), make_activity(number)
    assert from_dict(CourseParticipant, to_dict(participant_made)) == participant_made
    assert from_dict(models.Activity, to_dict(activity)) == activity


def test_serialisers_take_documents_and_models() -> None:
    """json, orjson and YAML take what to_dict gives, and to_dict as the way to write the models within a value."""
    orjson: Any = pytest.importorskip("orjson")
    item = participant(status="Paused", somethingNew={"a": [1, {"b": None}]})
    document = to_dict(item)
    assert json.loads(json.dumps({"people": [item]}, default=to_dict)) == {"people": [document]}
    assert orjson.loads(orjson.dumps({"people": [item]}, default=to_dict)) == {"people": [document]}
    strictly = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME
    assert orjson.loads(orjson.dumps(document, option=strictly)) == document
    assert yaml.safe_load(yaml.safe_dump(document)) == document


def test_attributes_can_be_serialised() -> None:
    """What attrs makes of a model is taken by orjson as it is, and by json with a way to write dates."""
    orjson: Any = pytest.importorskip("orjson")
    item = participant(status="Paused", somethingNew={"a": [1, {"b": None}]})
    attributes = attrs.asdict(item)
    for text in (json.dumps(attributes, default=datetime.isoformat), orjson.dumps(attributes)):
        written = json.loads(text)
        assert written["extra"] == {"somethingNew": {"a": [1, {"b": None}]}}
        assert (written["status"], written["started_at"]) == ("Paused", "2026-01-07T09:00:00.123000+00:00")
    assert orjson.loads(orjson.dumps(item.extra)) == item.extra


def test_from_dict_is_as_strict_as_an_answer() -> None:
    """A document that does not fit is refused by an error that names the field, not the value, and pickles."""
    with pytest.raises(InvalidResponseError) as refused:
        from_dict(CourseParticipant, DOCUMENTED | {"completionRate": "half"})
    error = refused.value
    assert str(error) == (
        "The document is not as documented at $.completionRate: expected a whole number, got a string. "
        "Give from_dict what the service or to_dict wrote, and the model it stands for."
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_dict(dict, {}), "takes a model class, such as CourseParticipant"),  # type: ignore[type-var]
        (lambda: from_dict("CourseParticipant", {}), "takes a model class, such as CourseParticipant"),  # type: ignore[arg-type]
        (lambda: from_dict(CourseParticipant, [1]), "takes a mapping, not list"),  # type: ignore[arg-type]
        (lambda: to_dict({"id": 1}), "to_dict takes a model, not dict"),  # type: ignore[arg-type]
        (lambda: to_json(None), "to_dict takes a model, not NoneType"),  # type: ignore[arg-type]
    ],
)
def test_wrong_argument_is_refused(call: Callable[[], object], message: str) -> None:
    """An argument that is not a model, a model class or a mapping is a UsageError that says what to give."""
    with pytest.raises(UsageError, match=message):
        call()

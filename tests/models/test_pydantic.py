"""Models in pydantic and FastAPI, which both know nothing of this package."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Annotated, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import (
    CourseParticipant,
    CustomRole,
    Live,
    Model,
    ParticipantStatus,
    SpotMember,
    from_dict,
    models,
    to_dict,
    to_json,
)

from ..contract.contract import SCHEMAS, model_of
from ..support.any_model import any_model
from ..support.documents import DOCUMENTED, participant
from ..support.thorough import OF_EACH_MODEL, thorough

pydantic: Any = pytest.importorskip("pydantic")
fastapi: Any = pytest.importorskip("fastapi")
httpx: Any = pytest.importorskip("httpx")

MODELS = [model_of(name) for name in SCHEMAS]
ADAPTER = pydantic.TypeAdapter(CourseParticipant)


def test_import_brings_no_pydantic() -> None:
    """The package, its fake service and its JSON do without pydantic, whether it is installed or not."""
    script = (
        "import sys; sys.modules |= dict.fromkeys(['pydantic', 'pydantic_core', 'fastapi', 'pandas', 'orjson'])\n"
        "from meltingspot_async import testing, to_json, to_row\n"
        "to_json(testing.make_course_participant()), to_row(testing.make_course_participant())"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@thorough
@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
@OF_EACH_MODEL
def test_any_model_survives_pydantic(model: type[models.Model], data: st.DataObject) -> None:
    """Whatever a model holds, pydantic writes what to_dict does, and makes an equal model of it."""
    adapter, item = pydantic.TypeAdapter(model), data.draw(any_model(model))
    assert adapter.dump_python(item) == to_dict(item)
    assert adapter.validate_python(to_dict(item)) == item
    assert adapter.validate_python(item) is item
    assert json.loads(adapter.dump_json(item)) == json.loads(to_json(item))


def test_json_is_read_and_written() -> None:
    """Pydantic reads and writes JSON in the service's spelling, unknown fields and values included."""
    item = participant(status="Paused", somethingNew={"a": [1]})
    assert ADAPTER.validate_json(to_json(item)) == item
    assert ADAPTER.validate_json(ADAPTER.dump_json(item)) == item
    cut = participant(spotMemberFirstname="Zo\ud83d", somethingNew=["\ud83d"])
    written = json.loads(ADAPTER.dump_json(cut))
    assert (written["spotMemberFirstname"], written["somethingNew"]) == ("Zo\ufffd", ["\ufffd"])


def test_models_stand_in_models_of_pydantic() -> None:
    """A field of a pydantic model can be one of ours, a list of them, or an enum."""
    team_model = pydantic.create_model(
        "Team",
        lead=CourseParticipant,
        others=list[CourseParticipant],
        status=ParticipantStatus,
        live=Live | None,
    )
    team = team_model(lead=participant(), others=[to_dict(participant(id="p-2"))], status="Paused", live=None)
    assert team.others[0].id == "p-2"
    assert not team.status.is_known
    assert team_model.model_validate(team.model_dump()) == team
    assert team_model.model_validate_json(team.model_dump_json()) == team
    assert "ada@example.com" not in repr(team)


def test_what_a_caller_excludes_is_not_written() -> None:
    """include, exclude and exclude_none do what they do for pydantic's own models."""
    item = participant(completedAt=None)
    assert ADAPTER.dump_python(item, include={"id", "status"}) == {"id": item.id, "status": "Started"}
    assert set(to_dict(item)) - set(ADAPTER.dump_python(item, exclude={"spotMemberEmail"})) == {
        "spotMemberEmail"
    }
    assert "completedAt" not in json.loads(ADAPTER.dump_json(item, exclude_none=True))


@pytest.mark.parametrize(
    ("document", "place", "problem"),
    [
        (
            DOCUMENTED | {"completionRate": "ada@example.com"},
            ("completionRate",),
            "a whole number, got a string",
        ),
        (DOCUMENTED | {"completionRate": "42"}, ("completionRate",), "a whole number, got a string"),
        (DOCUMENTED | {"invitedAt": "2026-01-05"}, ("invitedAt",), "UTC offset"),
        ({name: value for name, value in DOCUMENTED.items() if name != "id"}, ("id",), "it is missing"),
        ("ada@example.com", (), "expected an object, got a string"),
        (None, (), "expected an object, got null"),
    ],
)
def test_document_that_does_not_fit_is_a_validation_error(
    document: object, place: tuple[str, ...], problem: str
) -> None:
    """Pydantic is as strict as from_dict, names the field, and quotes nothing of the document."""
    with pytest.raises(pydantic.ValidationError) as refused:
        ADAPTER.validate_python(document)
    (error,) = refused.value.errors()
    assert error["loc"] == place
    assert problem in error["msg"]
    shown = str(refused.value) + refused.value.json() + repr(refused.value.errors())
    assert "ada" not in shown.lower()


def test_place_of_an_inner_problem_is_exact() -> None:
    """The place of what is wrong is a path of names and indices, within a list of models too."""
    role = SCHEMAS["CustomRole"]["examples"][0] | {"permissions": ["live.*", 3]}
    with pytest.raises(pydantic.ValidationError) as refused:
        pydantic.TypeAdapter(list[CustomRole]).validate_python([role])
    assert refused.value.errors()[0]["loc"] == (0, "permissions", 1)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schema_describes_what_is_written(mode: str) -> None:
    """The schema has the service's names, our words, dates, and enums that are open."""
    schema = ADAPTER.json_schema(mode=mode)
    assert list(schema["properties"]) == list(DOCUMENTED)
    assert schema["title"] == "CourseParticipant"
    assert schema["description"].startswith("One participant of one course (page of `getcourseparticipant`")
    assert schema["properties"]["spotMemberEmail"]["description"] == "Email of that member."
    assert schema["properties"]["invitedAt"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert set(schema["required"]) == set(DOCUMENTED)
    assert schema["additionalProperties"] is True
    status = schema["$defs"]["ParticipantStatus"]
    assert (status["type"], status["examples"]) == ("string", list(ParticipantStatus))
    assert "enum" not in status


def test_json_schema_of_milliseconds_is_a_number() -> None:
    """A date that the service writes as a number is a number in the schema."""
    properties = pydantic.TypeAdapter(SpotMember).json_schema()["properties"]
    assert properties["updatedAt"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    forum = pydantic.TypeAdapter(models.Forum).json_schema()
    assert forum["properties"]["createdAt"]["type"] == "integer"


@pytest.mark.parametrize("name", SCHEMAS)
def test_documented_examples_fit_the_json_schema(name: str) -> None:
    """What to_dict writes fits the JSON schema of its model, by a validator that knows neither."""
    jsonschema = pytest.importorskip("jsonschema_rs")
    schema = pydantic.TypeAdapter(model_of(name)).json_schema()
    for example in SCHEMAS[name]["examples"]:
        jsonschema.validate(schema, to_dict(from_dict(model_of(name), example)))


def test_model_without_source_has_a_json_schema() -> None:
    """A model of a program's own, of which there is no source to read, is described without words."""
    badge = attrs.make_class(
        "Badge", {"badge_id": attrs.field(type=int)}, bases=(Model,), frozen=True, kw_only=True
    )
    schema = pydantic.TypeAdapter(badge).json_schema()
    assert schema["properties"] == {"badgeId": {"title": "Badgeid", "type": "integer"}}
    assert "description" not in schema


def application() -> Any:
    """A FastAPI application that takes and gives participants in all ways."""
    app = fastapi.FastAPI()

    async def annotated() -> CourseParticipant:
        return participant(somethingNew=1)

    async def unannotated():  # type: ignore[no-untyped-def] # what it returns is the point
        return participant()

    async def several(status: ParticipantStatus) -> list[CourseParticipant]:
        return [participant(status=status)]

    async def taking(item: Annotated[CourseParticipant, fastapi.Body()]) -> CourseParticipant:
        return item

    app.get("/annotated")(annotated)
    app.get("/unannotated")(unannotated)
    app.get("/modelled", response_model=CourseParticipant)(unannotated)
    app.get("/discreet", response_model_exclude={"spotMemberEmail"})(annotated)
    app.get("/several")(several)
    app.post("/taking")(taking)
    return app


def asked(method: str, path: str, document: object = None) -> tuple[int, Any]:
    """Status and document of the application's answer."""

    async def ask() -> tuple[int, Any]:
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            response = await client.request(method, path, json=document)
            return response.status_code, response.json()

    return asyncio.run(ask())


def test_fastapi_gives_models() -> None:
    """An endpoint may return a participant or a list of them, with a response model, an annotation or neither."""
    written = to_dict(participant())
    assert asked("GET", "/annotated") == (200, written | {"somethingNew": 1})
    assert asked("GET", "/modelled") == asked("GET", "/unannotated") == (200, written)
    assert asked("GET", "/several?status=Paused") == (200, [written | {"status": "Paused"}])
    assert "spotMemberEmail" not in asked("GET", "/discreet")[1]


def test_fastapi_takes_models() -> None:
    """An endpoint may take a participant as its body; what does not fit is a 422 that quotes nothing."""
    document = to_dict(participant(somethingNew=1))
    assert asked("POST", "/taking", document) == (200, document)
    status, refusal = asked("POST", "/taking", document | {"completionRate": "ada@example.com"})
    assert status == 422
    assert refusal["detail"][0]["loc"] == ["body", "completionRate"]
    assert "ada@" not in json.dumps(refusal)


def test_openapi_has_the_models_by_name() -> None:
    """The OpenAPI document describes each model once, by its name, wherever it is used."""
    _, document = asked("GET", "/openapi.json")
    schemas = document["components"]["schemas"]
    assert {"CourseParticipant", "ParticipantStatus"} <= set(schemas)
    used = json.dumps(document["paths"])
    assert used.count('"#/components/schemas/CourseParticipant"') == 6
    assert schemas["CourseParticipant"]["properties"]["courseId"]["description"] == "Id of the course."

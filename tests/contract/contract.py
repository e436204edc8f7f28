"""The contract: the OpenAPI document of the GET operations, read once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from meltingspot_async import models
from meltingspot_async.models._converter import structure
from meltingspot_async.testing import FakeMeltingSpot

# The loader in C, where there is one: each worker of the tests reads it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DOCUMENT: dict[str, Any] = yaml.load((Path(__file__).parent / "openapi.yaml").read_text(), _LOADER)
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    item["get"]["operationId"]: (path, item["get"]) for path, item in DOCUMENT["paths"].items()
}
"""Path and operation by operation id."""

SCHEMAS: dict[str, Any] = {
    name: schema
    for name, schema in DOCUMENT["components"]["schemas"].items()
    if schema["type"] == "object" and not name.endswith("Page")
}
"""The schemas of models."""


def model_of(name: str) -> Any:
    """The model of a schema, which has the same name."""
    return getattr(models, name)


def parameters(operation: dict[str, Any], where: str) -> set[str]:
    """The names of an operation's parameters in its ``path`` or its ``query``."""
    given = operation.get("parameters", [])
    shared = DOCUMENT["components"]["parameters"]
    resolved = [shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in given]
    return {parameter["name"] for parameter in resolved if parameter["in"] == where}


def fill(fake: FakeMeltingSpot) -> None:
    """Add every documented example to the fake service, in every list where it can stand."""
    for name, schema in SCHEMAS.items():
        for document in schema["examples"]:
            item = structure(json.dumps(document).encode(), model_of(name), "/")
            for path in HOMES.get(name, ()):
                fake.add_to(path, item)
            if name not in HOMES and name not in {"LiveMetrics", "LivePrivacy", "LiveParticipantMetrics"}:
                fake.add(item)


HOMES = {
    "Activity": ["/v1/activities~export"],
    "CustomFormAnswer": ["/v1/spotMembers/m-1/customFormAnswers"],
    "CustomPropertyValue": ["/v1/spotMembers/m-1/customPropertiesValues"],
    "SpotMember": ["/v1/spotMembers", "/v1/groups/g-1/spotMembers", "/v1/channels/ch-1/spotMembers"],
}
"""The lists of items that do not name their list themselves."""

KNOWN = {
    "courseId": "c-1",
    "courseParticipantId": "cp-1",
    "learningPathId": "l-1",
    "learningPathParticipantId": "lp-1",
    "liveId": "live-1",
    "spotMemberId": "m-1",
    "customRoleId": "r-1",
    "groupId": "g-1",
    "channelId": "ch-1",
    "forumId": "f-1",
}
"""Ids of the examples."""

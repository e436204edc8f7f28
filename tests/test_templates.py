"""The template of a path: which endpoint it belongs to."""

from __future__ import annotations

import re

import pytest

from meltingspot_async._templates import path_template

from .contract.contract import KNOWN, OPERATIONS


@pytest.mark.parametrize("documented", sorted({path for path, _ in OPERATIONS.values()}))
def test_template_of_a_documented_path_is_the_documented_one(documented: str) -> None:
    """Every path of the documentation has its own template back, whatever the ids are."""
    nameless = re.sub(r"\{\w+\}", "{}", documented)
    for item_id in (*KNOWN.values(), "courses", "v1", "a%2Fb", "{id}"):
        template = path_template(re.sub(r"\{\w+\}", lambda _, item=item_id: item, documented))  # type: ignore[misc]
        assert re.sub(r"\{[a-z_]+_id\}", "{}", template) == nameless


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/courses/c-1/participants/p-1", "/v1/courses/{course_id}/participants/{participant_id}"),
        ("/v1/learningPaths/l-1/participants", "/v1/learningPaths/{learning_path_id}/participants"),
        ("/v1/activities~export", "/v1/activities~export"),
        ("/v2/sign-up-policies/7", "/v2/sign-up-policies/{sign_up_policy_id}"),
        ("/surveys/7/v1", "/surveys/{survey_id}/{id}"),
        ("/v1/7/answers", "/v1/{id}/answers"),
        ("/v1/ada%40example.com", "/v1/{id}"),
        ("/v1/surveys/ada%40example.com/ada%40example.com", "/v1/surveys/{survey_id}/{id}"),
        ("/v1/" + "a" * 41, "/v1/{id}"),
    ],
)
def test_template_of_any_path_shows_no_id(path: str, template: str) -> None:
    """An endpoint without a method has a template too; what follows a name is an id, and so is what is no name."""
    assert path_template(path) == template

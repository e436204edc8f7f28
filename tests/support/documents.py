"""The documented participant as a JSON document, and what structuring a changed one gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

from meltingspot_async import CourseParticipant, InvalidResponseError
from meltingspot_async.models._converter import structure

DOCUMENTED = json.loads((Path(__file__).parents[1] / "fixtures" / "course_participant.json").read_text())
PATH = "/v1/courses/c/participants/p"

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
    """The documented participant with some fields changed."""
    return structure(json.dumps(DOCUMENTED | changes).encode(), CourseParticipant, PATH)


def refusal(body: bytes) -> InvalidResponseError:
    """The error that structuring a body raises."""
    with pytest.raises(InvalidResponseError) as refused:
        structure(body, CourseParticipant, PATH)
    return refused.value

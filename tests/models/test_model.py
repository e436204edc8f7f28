"""What all models share: they are frozen, hashable and private in their repr; extra keeps unknown fields."""

from __future__ import annotations

import copy
import json
import operator
import pickle
import pprint
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from rich.pretty import pretty_repr

from meltingspot_async import (
    CourseParticipant,
    Drift,
    ParticipantStatus,
    UnknownField,
    UnknownValue,
    to_dict,
)
from meltingspot_async._http.reporter import Reporter
from meltingspot_async.models._converter import structure

from ..support.documents import DOCUMENTED, PATH, participant


def test_participant_is_frozen_and_hashable() -> None:
    """A participant cannot be changed, and a set holds equal participants once."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        participant().status = ParticipantStatus.COMPLETED  # type: ignore[misc]
    assert len({participant(), participant()}) == 1


def test_repr_shows_neither_names_nor_email() -> None:
    """The repr of a participant hides names and email, because reprs end up in logs."""
    shown = repr(participant(spotMemberLastname="Byron"))
    assert not {"Ada", "Byron", "ada@example.com"} & set(shown.replace("'", " ").split())
    assert "spot_member_email='…'" in shown
    assert "spot_member_firstname=None" in repr(participant(spotMemberFirstname=None))


def test_unknown_fields_are_kept_in_extra() -> None:
    """A model keeps a field that is not documented in extra, which cannot be changed."""
    extended = participant(somethingNew={"a": [1]}, extra="theirs")
    assert extended.extra == {"somethingNew": {"a": [1]}, "extra": "theirs"}
    assert attrs.evolve(extended, extra=participant().extra) == participant()
    assert hash(extended) != hash(participant())
    assert to_dict(extended) == {**to_dict(participant()), **extended.extra}
    for copied in (pickle.loads(pickle.dumps(extended)), copy.deepcopy(extended)):
        assert copied == extended
    with pytest.raises(TypeError):
        extended.extra["somethingNew"] = 1  # type: ignore[index]


def test_unknown_fields_cannot_be_changed_at_any_depth() -> None:
    """Nothing in extra can be changed, and to_dict gives a copy that is the caller's own."""
    extended = participant(somethingNew={"a": [{"b": 1}]})
    inner: Any = extended.extra["somethingNew"]
    for change in (
        lambda: inner.update(a=1),
        lambda: inner.pop("a"),
        lambda: inner["a"].append(1),
        inner["a"].sort,
        inner["a"][0].clear,
        lambda: operator.setitem(inner["a"], 0, 1),
        lambda: operator.delitem(inner, "a"),
        lambda: inner.__ior__({}),
        lambda: inner["a"].__iadd__([1]),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    document: Any = to_dict(extended)
    document["somethingNew"]["a"][0]["b"] = 2
    assert extended == participant(somethingNew={"a": [{"b": 1}]})
    assert repr(inner["a"]) == "<JsonArray of 1>"


def test_unknown_fields_can_be_serialised_and_pickled() -> None:
    """What extra holds is accepted by json, and by every protocol of pickle."""
    extended = participant(somethingNew={"a": [{"b": 1}]})
    assert json.loads(json.dumps(extended.extra)) == extended.extra
    assert json.loads(json.dumps(attrs.asdict(extended), default=str))["extra"] == extended.extra
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copied = pickle.loads(pickle.dumps(extended, protocol))
        assert (copied, hash(copied)) == (extended, hash(extended))
        with pytest.raises(TypeError):
            copied.extra["somethingNew"]["a"].clear()
    unknown: Any = extended.extra["somethingNew"]
    assert len({unknown["a"], copy.copy(unknown["a"])}) == 1


def test_repr_shows_no_values_of_unknown_fields() -> None:
    """A repr shows the names of unknown fields, but neither their values nor a name that is an email."""
    shown = repr(participant(phone="+33 1 23", **{"ada@example.com": 1}))
    assert "<JsonObject: phone, [email]>" in shown
    assert "+33" not in shown
    assert "<JsonObject: empty>" in repr(participant())
    assert len(participant(phone=1).extra) == 1


def test_unknown_fields_and_values_are_reported() -> None:
    """The callback learns of unknown fields and enum values by name."""
    noticed: list[Drift] = []
    body = json.dumps(DOCUMENTED | {"status": "Paused", "newField": 1}).encode()
    structure(body, CourseParticipant, PATH, noticed.append)
    assert noticed == [
        UnknownValue("ParticipantStatus", "Paused"),
        UnknownField("CourseParticipant", "newField"),
    ]
    assert str(noticed[0]) == "ParticipantStatus has a value that is not documented: Paused"
    structure(body, CourseParticipant, PATH)
    assert len(noticed) == 2


def test_number_of_unknown_names_reported_is_capped() -> None:
    """A service that invents ever new field names fills neither the log nor the memory."""
    reported: list[object] = []
    reporter = Reporter(reported.append, "https://example.com")
    for number in range(3_000):
        reporter.notice("1", "/v1/courses", UnknownField("Course", f"field {number}"))
        reporter.notice("1", "/v1/courses", UnknownField("Course", "field 0"))
    assert len(reported) == len(set(reported)) == 1_000


@pytest.mark.parametrize("show", [repr, str, format, pprint.pformat, pretty_repr])
def test_no_way_of_showing_a_model_shows_personal_data(show: Callable[[object], str]) -> None:
    """However a model is shown in logs and consoles, names, email and unknown values are not."""
    shown = show(participant(spotMemberLastname="Byron", phone={"home": ["+33 1 23"]}))
    assert "cp-1" in shown
    assert not any(text in shown for text in ("Ada", "Byron", "ada@example.com", "+33"))

"""Factories: one for every model, alike, and strict about the names of fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_type_hints

import attrs
import pytest

from meltingspot_async import ParticipantStatus, UsageError, from_dict, models, testing, to_dict
from meltingspot_async.models import LiveParticipantStatus, LiveStatus, Model
from meltingspot_async.testing import changes

FACTORIES: dict[type[Model], Callable[..., Model]] = {
    kind: getattr(testing, "make" + re.sub("([A-Z])", r"_\1", name).lower())
    for name, kind in vars(models).items()
    if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model
}
NUMBERED = {
    kind: make for kind, make in FACTORIES.items() if not kind.__name__.endswith(("Metrics", "Privacy"))
}


@pytest.mark.parametrize("kind", FACTORIES, ids=lambda kind: kind.__name__)
def test_made_model_is_one_that_the_service_could_send(kind: type[Model]) -> None:
    """Every model has a factory; what it makes has documented values, a hash, and survives JSON."""
    made = FACTORIES[kind]()
    assert type(made) is kind
    assert from_dict(kind, to_dict(made)) == made
    assert hash(made) == hash(FACTORIES[kind]())


@pytest.mark.parametrize("kind", FACTORIES, ids=lambda kind: kind.__name__)
def test_factory_knows_the_fields_of_its_model(kind: type[Model]) -> None:
    """Type checkers accept each field of the model with its type, and nothing else; so does the factory."""
    fields = {field.name for field in attrs.fields(kind)}
    wanted = get_type_hints(kind)
    assert get_type_hints(getattr(changes, f"{kind.__name__}Changes")) == {n: wanted[n] for n in fields}
    with pytest.raises(UsageError, match=r"has no colour\. It has: .*extra") as refused:
        FACTORIES[kind](colour="red")
    assert fields <= set(re.findall(r"\w+", str(refused.value)))
    assert FACTORIES[kind](extra={"colour": ["red"]}).extra == {"colour": ["red"]}


def test_type_checkers_refuse_what_the_model_does_not_have() -> None:
    """Another name or type of a field is an error for type checkers: here, an ignore that is needed."""
    with pytest.raises(UsageError, match="A Group has no colour"):
        testing.make_group(colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    testing.make_group(name=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    testing.make_course_participant(3, status=ParticipantStatus.STARTED)


@pytest.mark.parametrize("kind", NUMBERED, ids=lambda kind: kind.__name__)
def test_number_gives_the_same_item_every_time(kind: type[Model]) -> None:
    """A number gives the same item every time, and another number another one."""
    made = [NUMBERED[kind](number) for number in range(30)]
    assert made == [NUMBERED[kind](number) for number in range(30)]
    assert len(set(map(repr, map(to_dict, made)))) == 30


@pytest.mark.parametrize("make", [testing.make_course_participant, testing.make_learning_path_participant])
def test_made_participants_fit_their_status(make: Callable[..., Any]) -> None:
    """Dates and rate fit the status, whether it was chosen or had its turn."""
    chosen = [make(number, status=status) for number in range(9) for status in ParticipantStatus]
    in_turn = [make(number) for number in range(40)]
    for made in chosen + in_turn:
        assert (made.completed_at is not None) == (made.status is ParticipantStatus.COMPLETED)
        assert (made.unenrolled_at is not None) == (made.status is ParticipantStatus.UNENROLLED)
        assert (made.started_at is None) == (made.status is ParticipantStatus.INVITED)
        assert (made.completion_rate == 100) == (made.status is ParticipantStatus.COMPLETED)
        assert 0 <= made.completion_rate <= 100
    assert {made.status for made in in_turn[:4]} == set(ParticipantStatus)


def test_fields_that_follow_from_others_do() -> None:
    """A Live ends after its start, and has one status; who accepted an invitation is registered."""
    start = datetime(2027, 1, 1, tzinfo=UTC)
    live = testing.make_live(start_date=start, status=LiveStatus.ENDED)
    assert (live.end_date > start, live.computed_status) == (True, LiveStatus.ENDED)
    for status in LiveParticipantStatus:
        registered = testing.make_live_participant(status=status).registered_at
        assert (registered is not None) == (status is LiveParticipantStatus.ACCEPTED)


def test_field_that_was_chosen_stays_as_it_was_chosen() -> None:
    """A change wins over what would follow from others, and cannot be changed later."""
    made = testing.make_course_participant(
        status=ParticipantStatus.COMPLETED, completed_at=None, completion_rate=7
    )
    assert (made.completed_at, made.completion_rate) == (None, 7)
    live = testing.make_live(config={"a": [1]}, description=({"type": "p"},))
    assert hash(live) == hash(testing.make_live(config={"a": [1]}, description=({"type": "p"},)))

"""Factories of models: what a test does not choose, they make up, the same every time.

All are called alike: ``make_forum(3)`` is the third forum that they make up, ``make_forum(name="Help")`` one with a
name of your own. A field that the model does not have is a :class:`~meltingspot_async.UsageError` that names those
that it has, and an error for type checkers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar, Unpack, cast

import attrs

from .. import models
from ..errors import UsageError
from ..models import LiveParticipantStatus, LiveStatus
from ..models._fields import OpenEnum
from ..models._frozen import frozen
from . import changes as of
from .people import FIRST_DAY, enrolment, names_of, person

M = TypeVar("M", bound=models.Model)
E = TypeVar("E", bound=OpenEnum)


def make_activity(number: int = 0, **changes: Unpack[of.ActivityChanges]) -> models.Activity:
    """Activity ``number``. Each type has its turn.

    Its ``id`` and its ``occurredAt`` in milliseconds are inventions, in ``extra``: only ``type`` is documented.
    """
    happened = FIRST_DAY + timedelta(minutes=number)
    extra = {"id": f"event-{number}", "occurredAt": int(happened.timestamp()) * 1000}
    return _made(models.Activity, changes, type=_turn(models.ActivityType, number), extra=extra)


def make_channel(number: int = 0, **changes: Unpack[of.ChannelChanges]) -> models.Channel:
    """Channel ``number``. Each privacy has its turn."""
    return _made(
        models.Channel,
        changes,
        id=f"channel-{number}",
        name=f"Channel {number}",
        description=None,
        privacy=_turn(models.ChannelPrivacy, number),
        auto_join=False,
        show_members=True,
    )


def make_course(number: int = 0, **changes: Unpack[of.CourseChanges]) -> models.Course:
    """Course ``number``."""
    return _made(
        models.Course,
        changes,
        id=f"course-{number}",
        title=f"Course {number}",
        privacy=models.CoursePrivacy.SECRET,
        status=models.CourseStatus.DRAFT,
        navigation_mode=models.NavigationMode.FLEXIBLE,
    )


def make_course_participant(
    number: int = 0, **changes: Unpack[of.CourseParticipantChanges]
) -> models.CourseParticipant:
    """Participant ``number`` of ``course-1``. Each status has its turn; dates and rate fit the status."""
    return _made(
        models.CourseParticipant,
        changes,
        id=f"participant-{number}",
        course_id="course-1",
        **enrolment(number, changes.get("status")),
    )


def make_custom_form_answer(
    number: int = 0, **changes: Unpack[of.CustomFormAnswerChanges]
) -> models.CustomFormAnswer:
    """Answer ``number`` to the registration form. Its fields are inventions, in ``extra``: none is documented."""
    extra = {"question": f"Question {number}", "answer": f"Answer {number}"}
    return _made(models.CustomFormAnswer, changes, extra=extra)


def make_custom_property_value(
    number: int = 0, **changes: Unpack[of.CustomPropertyValueChanges]
) -> models.CustomPropertyValue:
    """A member's value of custom property ``number``, a text."""
    return _made(
        models.CustomPropertyValue,
        changes,
        custom_property_id=f"property-{number}",
        custom_property_label=f"Property {number}",
        custom_property_slug=f"property-{number}",
        custom_property_type=models.CustomPropertyType.TEXT,
        value=f"Value {number}",
    )


def make_custom_role(number: int = 0, **changes: Unpack[of.CustomRoleChanges]) -> models.CustomRole:
    """Custom role ``number``, which allows one thing. Each permission has its turn."""
    return _made(
        models.CustomRole,
        changes,
        id=f"role-{number}",
        label=f"Role {number}",
        description=None,
        permissions=(_turn(models.Permission, number),),
    )


def make_forum(number: int = 0, **changes: Unpack[of.ForumChanges]) -> models.Forum:
    """Forum ``number``. Each privacy has its turn."""
    return _made(
        models.Forum,
        changes,
        id=f"forum-{number}",
        name=f"Forum {number}",
        description=None,
        created_at=FIRST_DAY + timedelta(hours=number),
        privacy=_turn(models.ForumPrivacy, number),
    )


def make_group(number: int = 0, **changes: Unpack[of.GroupChanges]) -> models.Group:
    """Group ``number``."""
    return _made(models.Group, changes, id=f"group-{number}", name=f"Group {number}")


def make_learning_path_participant(
    number: int = 0, **changes: Unpack[of.LearningPathParticipantChanges]
) -> models.LearningPathParticipant:
    """Participant ``number`` of ``learning-path-1``. Each status has its turn; dates and rate fit the status."""
    return _made(
        models.LearningPathParticipant,
        changes,
        id=f"participant-{number}",
        learning_path_id="learning-path-1",
        **enrolment(number, changes.get("status")),
    )


def make_live(number: int = 0, **changes: Unpack[of.LiveChanges]) -> models.Live:
    """Live ``number``, of an hour. Each status has its turn."""
    status = changes.get("status", _turn(LiveStatus, number))
    start = changes.get("start_date", FIRST_DAY + timedelta(days=number))
    return _made(
        models.Live,
        changes,
        id=f"live-{number}",
        title=f"Live {number}",
        start_date=start,
        end_date=start + timedelta(hours=1),
        metrics=make_live_metrics(),
        status=status,
        computed_status=status,
        solution=models.LiveSolution.BUILT_IN,
        privacy=make_live_privacy(),
        built_in_type=models.LiveBuiltInType.WORKSHOP,
    )


def make_live_metrics(**changes: Unpack[of.LiveMetricsChanges]) -> models.LiveMetrics:
    """Figures of a Live to which 10 people were invited, and 3 of 4 who registered came."""
    return _made(
        models.LiveMetrics,
        changes,
        average_view_time=30,
        no_show=1,
        total_replay_view=2,
        registrant=4,
        attendee=3,
        attendance_rate=75,
        invited=10,
    )


def make_live_participant(
    number: int = 0, **changes: Unpack[of.LiveParticipantChanges]
) -> models.LiveParticipant:
    """Participant ``number`` of ``live-1``. Each status has its turn; who accepted is registered."""
    status = changes.get("status", _turn(LiveParticipantStatus, number))
    invited = FIRST_DAY + timedelta(hours=7 * number)
    accepted = status is LiveParticipantStatus.ACCEPTED
    return _made(
        models.LiveParticipant,
        changes,
        id=f"participant-{number}",
        live_id="live-1",
        **person(number),
        status=status,
        type=models.LiveParticipantType.PARTICIPANT,
        invited_at=invited,
        registered_at=invited + timedelta(days=1) if accepted else None,
        is_highlighted=False,
        metrics=make_live_participant_metrics(),
    )


def make_live_participant_metrics(
    **changes: Unpack[of.LiveParticipantMetricsChanges],
) -> models.LiveParticipantMetrics:
    """What a participant of a Live did who has not come yet."""
    return _made(
        models.LiveParticipantMetrics, changes, view_time=0, has_replayed=False, has_participated=False
    )


def make_live_privacy(**changes: Unpack[of.LivePrivacyChanges]) -> models.LivePrivacy:
    """The privacy of a Live for the members of the Spot."""
    return _made(
        models.LivePrivacy,
        changes,
        visibility=models.LiveVisibility.ONLY_SPOT_MEMBERS,
        participation=models.LiveParticipation.ANY_SPOT_MEMBERS,
    )


def make_spot_member(number: int = 0, **changes: Unpack[of.SpotMemberChanges]) -> models.SpotMember:
    """Member ``number`` of the Spot, who accepted the invitation: the one behind participant ``number``."""
    firstname, lastname, email = names_of(number)
    return _made(
        models.SpotMember,
        changes,
        id=f"member-{number}",
        spot_id="spot-1",
        user_id=f"user-{number}",
        email=email,
        title=None,
        lang=models.Language.ENGLISH,
        role=models.SpotMemberRole.MEMBER,
        custom_role_id=None,
        status=models.SpotMemberStatus.ACCEPTED,
        firstname=firstname,
        lastname=lastname,
        warnings=0.0,
        updated_at=FIRST_DAY + timedelta(hours=7 * number),
    )


def _made(model: type[M], changes: Mapping[str, object], **usual: object) -> M:
    """A model with the changes asked for, and the usual values of all other fields."""
    known = [field.name for field in attrs.fields(model)]
    if unknown := changes.keys() - set(known):
        raise UsageError(
            f"A {model.__name__} has no {' or '.join(sorted(unknown))}. It has: {', '.join(known)}."
        )
    fields = {name: _unchangeable(value) for name, value in {**usual, **changes}.items()}
    return cast("Callable[..., M]", model)(**fields)


def _unchangeable(value: object) -> object:
    """The value of a field as a model keeps it: what it holds of JSON cannot be changed."""
    return tuple(map(frozen, cast("tuple[object]", value))) if isinstance(value, tuple) else frozen(value)


def _turn(values: type[E], number: int) -> E:
    """The value whose turn it is."""
    return list(values)[number % len(values)]

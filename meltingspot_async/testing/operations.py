"""The lists of the service: where each stands, what it may be filtered by, and how a filter chooses."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

from ..models import (
    ActivityType,
    Channel,
    Course,
    CourseParticipant,
    CustomRole,
    Forum,
    Group,
    LearningPathParticipant,
    Live,
    LiveBuiltInType,
    LiveParticipant,
    LiveParticipantStatus,
    LiveParticipantType,
    LiveSolution,
    LiveStatus,
    ParticipantStatus,
    SpotMember,
    SpotMemberRole,
)
from ..models.fields import OpenEnum

Item = (
    Channel
    | Course
    | CourseParticipant
    | CustomRole
    | Forum
    | Group
    | LearningPathParticipant
    | Live
    | LiveParticipant
    | SpotMember
)
"""What a list can hold and an id can be asked for."""

_Kind = type[str] | type[int] | type[bool] | type[OpenEnum]

EXPORT = "/v1/activities~export"


def path_of(item: Item) -> str:
    """The list that an item belongs to."""
    match item:
        case CourseParticipant():
            return f"/v1/courses/{item.course_id}/participants"
        case LearningPathParticipant():
            return f"/v1/learningPaths/{item.learning_path_id}/participants"
        case LiveParticipant():
            return f"/v1/lives/{item.live_id}/participants"
        case _:
            return _FLAT[type(item)]


_FLAT: dict[type, str] = {
    Channel: "/v1/channels",
    Course: "/v1/courses",
    CustomRole: "/v1/spotMemberCustomRole",
    Forum: "/v1/forums",
    Group: "/v1/groups",
    Live: "/v1/lives",
    SpotMember: "/v1/spotMembers",
}


def _with(kind: _Kind, operators: str, *fields: str) -> dict[str, _Kind]:
    return {f"{field}[{name}]": kind for field in fields for name in operators.split()}


_COMPARED = "eq lt lte gt gte"
_PEOPLE = _with(str, "in", "email", "firstname", "lastname")
_ENROLLED = _PEOPLE | _with(ParticipantStatus, "eq in", "status")
_REGISTERED = _with(int, "before after", "registrationDate")
_FIGURES = (
    "averageViewTime",
    "invited",
    "registrant",
    "attendee",
    "attendanceRate",
    "noShow",
    "totalReplayView",
)

LISTS: dict[str, Mapping[str, _Kind]] = {
    "/v1/courses": _with(str, "eq", "status", "privacy"),
    "/v1/courses/{parent}/participants": _ENROLLED,
    "/v1/learningPaths/{parent}/participants": _ENROLLED,
    "/v1/lives": {
        **_with(str, "eq contains", "title"),
        **_with(LiveStatus, "eq", "status"),
        **_with(LiveSolution, "eq in", "solution"),
        **_with(LiveBuiltInType, "eq in", "builtInType"),
        **_with(bool, "eq", "replay"),
        **_with(int, _COMPARED, "startDate", *_FIGURES),
    },
    "/v1/lives/{parent}/participants": {
        **_with(str, "eq contains", "email", "firstname", "lastname"),
        **_with(LiveParticipantType, "eq in", "type"),
        **_with(LiveParticipantStatus, "eq in", "status"),
        **_with(bool, "eq", "hasReplayed", "hasParticipated"),
    },
    "/v1/spotMembers": {
        **_PEOPLE,
        **_REGISTERED,
        **_with(int, "before after", "invitationDate"),
        **_with(str, "eq", "customRoleId"),
    },
    "/v1/spotMembers/{parent}/customFormAnswers": {},
    "/v1/spotMembers/{parent}/customPropertiesValues": {},
    "/v1/spotMemberCustomRole": _with(str, "eq contains in", "label"),
    "/v1/groups": _with(str, "eq contains", "name"),
    "/v1/groups/{parent}/spotMembers": _PEOPLE | _REGISTERED | _with(SpotMemberRole, "in", "role"),
    "/v1/channels": {},
    "/v1/channels/{parent}/spotMembers": _PEOPLE | _REGISTERED,
    "/v1/forums": _with(str, "eq contains", "name"),
    EXPORT: {
        **_with(int, "eq", "fromDate", "toDate"),
        **_with(ActivityType, "eq in", "eventType"),
        "fromEventId": str,
    },
}
"""The paths of the lists, and the documented filters of each with the kind of their values."""


def misfit(filters: Mapping[str, _Kind], query: Mapping[str, str]) -> str | None:
    """The first parameter of a query whose value is not of its kind, if any. Unknown parameters pass."""
    for name, value in query.items():
        kind = filters.get(name)
        values = value.split(",") if name.endswith("[in]") else [value]
        if kind is not None and not all(_fits(kind, one) for one in values):
            return name
    return None


def _fits(kind: _Kind, value: str) -> bool:
    if kind is int:
        return value.removeprefix("-").isdecimal()
    if kind is bool:
        return value in {"true", "false"}
    return kind is str or cast("type[OpenEnum]", kind)(value).is_known


def matches(document: Mapping[str, object], query: Mapping[str, str]) -> bool:
    """Whether an item passes the filters of a query.

    A filter on what the item does not have, such as its registration date, chooses everything.
    """
    for name, wanted in query.items():
        field, _, how = name.removesuffix("]").partition("[")
        value = _value(document, field)
        if how in _OPERATORS and value is not None and not _OPERATORS[how](value, wanted):
            return False
    return True


def _value(document: Mapping[str, object], field: str) -> object:
    """What a filter is about: a field, one of the member behind a participant, or a figure."""
    figures = document.get("metrics")
    if isinstance(figures, dict) and field in figures:
        return cast("dict[str, object]", figures)[field]
    behind = f"spotMember{field[:1].upper()}{field[1:]}"
    return document.get(field, document.get(behind, document.get("type") if field == "eventType" else None))


def _compared(how: Callable[[float, float], bool]) -> Callable[[object, str], bool]:
    return lambda value, wanted: how(_number(value), int(wanted))


def _number(value: object) -> float:
    """A figure, or a date in seconds."""
    return (
        datetime.fromisoformat(value).astimezone(UTC).timestamp()
        if isinstance(value, str)
        else cast("float", value)
    )


def _equal(value: object, wanted: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == wanted
    return str(value) == wanted or (wanted.isdecimal() and _is_date(value) and _number(value) == int(wanted))


def _is_date(value: object) -> bool:
    return isinstance(value, str) and value[10:11] == "T"


_OPERATORS: dict[str, Callable[[object, str], bool]] = {
    "eq": _equal,
    "in": lambda value, wanted: str(value) in wanted.split(","),
    "contains": lambda value, wanted: wanted in str(value),
    "lt": _compared(operator.lt),
    "lte": _compared(operator.le),
    "gt": _compared(operator.gt),
    "gte": _compared(operator.ge),
}

"""The lists of the service: the path of each, its filters, and which items pass a filter."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import cast

from ..models import (
    Activity,
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
from ..models._fields import OpenEnum

Item = (
    Activity
    | Channel
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
"""What says by itself, or by its class, to which list it belongs."""

_Kind = type[str] | type[int] | type[bool] | type[OpenEnum]

EXPORT = "/v1/activities~export"

DEFAULT_LIMIT = 20
"""Items of a page when a request names no ``limit``. The service does not document it."""

MAX_EXPORT_LIMIT = 10_000
"""The largest ``limit`` of an export (page of ``exportactivities`` in the API reference)."""


def path_of(item: Item) -> str:
    """The path of the list that an item belongs to."""
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
    Activity: EXPORT,
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
"""The path of each list, and its documented filters with the kind of value each takes."""


def invalid_parameter(filters: Mapping[str, _Kind], query: Mapping[str, str]) -> str | None:
    """The name of the first parameter of a query that is not valid, if any.

    A parameter that is not documented is accepted if it has the form of a filter, and a value that its operator
    can compare.
    """
    for name, value in query.items():
        form = _FILTER.fullmatch(name)
        how = form["how"] if form else ""
        kind = filters.get(name, int if how in _COMPARING else str if how in _OPERATORS else None)
        values = value.split(",") if how in {"in", "notin"} else [value]
        if kind is None or not all(_fits(kind, one) for one in values):
            return name
    return None


def _fits(kind: _Kind, value: str) -> bool:
    if kind is int:
        return _WHOLE.fullmatch(value) is not None
    if kind is bool:
        return value in {"true", "false"}
    if kind is str:
        return value != ""
    return cast("type[OpenEnum]", kind)(value).is_known


def selected(
    documents: Iterable[Mapping[str, object]], query: Mapping[str, str]
) -> Iterator[Mapping[str, object]]:
    """The items that the filters of a query select.

    An item passes a filter on a field that it does not have, such as its registration date.
    """
    forms = [(form, wanted) for name, wanted in query.items() if (form := _FILTER.fullmatch(name))]
    filters = [(form["field"], _OPERATORS[form["how"]], wanted) for form, wanted in forms]

    def passes(document: Mapping[str, object]) -> bool:
        for field, passes_filter, wanted in filters:
            value = _value(document, field)
            if value is not None and not passes_filter(value, wanted):
                return False
        return True

    return filter(passes, documents)


def _value(document: Mapping[str, object], field: str) -> object:
    """The value that a filter compares: a field, one of the member behind a participant, or a figure."""
    figures = cast("dict[str, object]", document.get("metrics", {}))
    behind = f"spotMember{field[:1].upper()}{field[1:]}"
    other_name = {"eventType": "type"}.get(field, field)
    return document.get(other_name, document.get(behind, figures.get(field)))


def _number(value: object) -> float:
    """A figure, or a date in seconds; NaN, which passes no comparison, for anything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return math.nan
    return cast("float", value) if moment is None else moment.timestamp()


def _equal(value: object, wanted: str) -> bool:
    same_number = _WHOLE.fullmatch(wanted) is not None and _number(value) == int(wanted)
    return same_number or str(value).lower() == wanted.lower()


def _contained(value: object, wanted: str) -> bool:
    return any(_equal(value, one) for one in wanted.split(","))


_COMPARING: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "before": operator.lt,
    "after": operator.gt,
}


def _comparison(how: Callable[[float, float], bool]) -> Callable[[object, str], bool]:
    return lambda value, wanted: how(_number(value), int(wanted))


_OPERATORS: dict[str, Callable[[object, str], bool]] = {
    "eq": _equal,
    "neq": lambda value, wanted: not _equal(value, wanted),
    "in": _contained,
    "notin": lambda value, wanted: not _contained(value, wanted),
    "contains": lambda value, wanted: wanted in str(value),
    **{name: _comparison(how) for name, how in _COMPARING.items()},
}
_FILTER = re.compile(rf"(?P<field>\w+)\[(?P<how>{'|'.join(_OPERATORS)})\]", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,4000}", re.ASCII)

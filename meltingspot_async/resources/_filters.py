"""Filters of lists: Python values to the service's LHS brackets, ``status[in]=Started,Completed``.

The form is documented on the configuration page of the API reference; how a comma inside a value of a list
would be escaped is not, so such a value is refused rather than sent to be misunderstood. Datetimes become Unix
timestamps, whose unit is not documented either: seconds, unless the caller knows better.

Every function here gives the parameters of one argument: none for ``None``. A value that does not fit is a
:class:`~meltingspot_async.UsageError` that names the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar, cast

import attrs

from ..errors import UsageError
from ..models._fields import EPOCH

FilterValue = str | int | Iterable[str | int]
"""One value, or several for an operator that takes a list (``in``, ``notin``)."""

TimeUnit = Literal["s", "ms"]
"""What Unix timestamps are counted in: seconds or milliseconds."""

Query = dict[str, str | int]
"""Parameters by their names in the service."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z]\w*\[[a-z]+\]", re.ASCII)
_UNITS: dict[str, timedelta] = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1)}


@attrs.frozen(kw_only=True)
class Range(Generic[T]):
    """Bounds for a filter on a number or a time, such as ``Range(gte=10, lt=20)``."""

    gt: T | None = None
    """Above this."""
    gte: T | None = None
    """This or above."""
    lt: T | None = None
    """Below this."""
    lte: T | None = None
    """This or below."""


def build(filters: Mapping[str, FilterValue] | None, *parts: Query) -> Query:
    """One query of several parts, and of further filters by the service's own names.

    :param filters: such as ``{"status[neq]": "Invited"}``; none of them may be in the parts.
    """
    query = {name: value for part in parts for name, value in part.items()}
    others: Query = {}
    for name, value in (filters or {}).items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError(f"filters: {name!r} is not of the form 'field[operator]'.")
        if name in query:
            raise UsageError(f"filters: {name} is given twice, by keyword too.")
        argument = f"filters[{name}]"
        others[name] = _text(argument, value) if isinstance(value, str | int) else _joined(argument, value)
    return query | others


def text(name: str, argument: str, value: str | None) -> Query:
    """One text."""
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{argument} takes a text, not {type(value).__name__}.")
    return {} if value is None else {name: _text(argument, value)}


def one_or_several(field: str, argument: str, values: str | Iterable[str] | None) -> Query:
    """``field[eq]`` for one text, ``field[in]`` for several."""
    if values is None:
        return {}
    if isinstance(values, str):
        return {f"{field}[eq]": _text(argument, values)}
    texts = _joined(argument, values)
    return {f"{field}[eq]": texts} if "," not in texts else {f"{field}[in]": texts}


def several(field: str, argument: str, values: Iterable[str] | None) -> Query:
    """``field[in]`` for any number of texts."""
    if isinstance(values, str):
        raise UsageError(f"{argument} takes several texts, such as a list, not one text.")
    return {} if values is None else {f"{field}[in]": _joined(argument, values)}


def people(
    emails: Iterable[str] | None, firstnames: Iterable[str] | None, lastnames: Iterable[str] | None
) -> Query:
    """The filters that most lists of people have."""
    return {
        **several("email", "emails", emails),
        **several("firstname", "firstnames", firstnames),
        **several("lastname", "lastnames", lastnames),
    }


def registered(before: datetime | None, after: datetime | None, unit: TimeUnit) -> Query:
    """The filters on when a member registered."""
    return {
        **moment("registrationDate[before]", "registration_date_before", before, unit),
        **moment("registrationDate[after]", "registration_date_after", after, unit),
    }


def flag(name: str, argument: str, value: bool | None) -> Query:
    """Yes or no. The service types it as a text and names no values: ``true`` and ``false`` are supposed."""
    if value is not None and not isinstance(value, bool):
        raise UsageError(f"{argument} takes True or False, not {type(value).__name__}.")
    return {} if value is None else {name: str(value).lower()}


def number(field: str, argument: str, value: int | Range[int] | None) -> Query:
    """One whole number, or a range of them."""
    return _bounds(field, argument, value, _whole)


def time(field: str, argument: str, value: datetime | Range[datetime] | None, unit: TimeUnit) -> Query:
    """One point in time, or a range."""
    return _bounds(field, argument, value, _timestamp_in(unit))


def moment(name: str, argument: str, value: datetime | None, unit: TimeUnit) -> Query:
    """One point in time, under a name that says how it is meant."""
    timestamp = _timestamp_in(unit)
    return {} if value is None else {name: timestamp(argument, value)}


def _bounds(field: str, argument: str, value: object, convert: Callable[[str, object], int]) -> Query:
    if value is None:
        return {}
    if not isinstance(value, Range):
        return {f"{field}[eq]": convert(argument, value)}
    given = cast("Range[object]", value)
    named = {"gt": given.gt, "gte": given.gte, "lt": given.lt, "lte": given.lte}
    bounds = {name: bound for name, bound in named.items() if bound is not None}
    if not bounds:
        raise UsageError(f"{argument}: a Range without any bound.")
    return {f"{field}[{name}]": convert(f"{argument}.{name}", bound) for name, bound in bounds.items()}


def _whole(argument: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{argument} takes a whole number or a Range of them, not {type(value).__name__}.")
    return value


def _timestamp_in(unit: TimeUnit) -> Callable[[str, object], int]:
    if not isinstance(unit, str) or unit not in _UNITS:
        raise UsageError(f'unit must be "s" or "ms", not {unit!r}.')

    def timestamp(argument: str, value: object) -> int:
        if not isinstance(value, datetime):
            raise UsageError(f"{argument} takes a datetime, not {type(value).__name__}.")
        if value.utcoffset() is None:
            raise UsageError(f"{argument} takes a datetime with a timezone, such as datetime.now(UTC).")
        return (value - EPOCH) // _UNITS[unit]

    return timestamp


def _joined(argument: str, values: Iterable[str | int]) -> str:
    """Several values as one, in order and each once."""
    if not isinstance(values, Iterable):
        raise UsageError(f"{argument} takes texts or whole numbers, not {type(values).__name__}.")
    texts = [_text(argument, value) for value in values]
    if not texts:
        raise UsageError(f"{argument} is empty: no filter would mean everything, an empty one nothing.")
    if any("," in text for text in texts):
        raise UsageError(f"{argument}: the service has no way to write a comma inside a value of a list.")
    return ",".join(dict.fromkeys(texts))


def _text(argument: str, value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise UsageError(f"{argument} takes non-empty texts or whole numbers, not {type(value).__name__}.")
    return str(value)

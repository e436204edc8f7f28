"""Filters of lists: Python values to the service's LHS brackets, ``status[in]=Started,Completed``.

The form is documented on the configuration page of the API reference; how a comma inside a value of a list
would be escaped is not, so such a value is refused rather than sent and misunderstood. Datetimes become Unix
timestamps, whose unit is not documented either: seconds, unless the caller knows better.

Each function stands for an operator and takes fields by keyword, in snake_case: ``contains(title="intro")`` is
``title[contains]=intro``. A field of ``None`` is not filtered. A value that does not fit is a
:class:`~meltingspot_async.UsageError` that names the argument of the resource's method: the field, and what the
operator adds to it (``title_contains``, ``emails``, ``registration_date_before``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar, cast

import attrs

from .._http.endpoint import Params
from ..errors import UsageError
from ..models._fields import EPOCH
from ..models._names import camel_case

FilterValue = str | int | Iterable[str | int]
"""One value, or several for an operator that takes a list (``in``, ``notin``)."""

Filters = Mapping[str, FilterValue]
"""Filters that no argument stands for, by the service's own names: ``{"completionRate[gte]": 50}``."""

Texts = str | Iterable[str]
"""One text, or several."""

TimeUnit = Literal["s", "ms"]
"""What Unix timestamps are counted in: seconds or milliseconds."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z]\w*(\.\w+)*(\[[A-Za-z]+\])?", re.ASCII)
_PAGING = frozenset({"page", "limit"})
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


def build(filters: Filters | None, *parts: Params, reserved: Container[str] = _PAGING) -> Params:
    """One query of several parts, and of further filters by the service's own names.

    :param filters: names that are bare, dotted or have an operator: ``fromEventId``, ``address.city[startsWith]``.
    :param reserved: names that the client itself sends.
    """
    if filters is not None and not isinstance(filters, Mapping):
        raise UsageError(f"filters takes a mapping of names to values, not {type(filters).__name__}.")
    query = {name: value for part in parts for name, value in part.items()}
    others: dict[str, str | int] = {}
    for name, value in (filters or {}).items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError(f"filters: {name!r} is not a name such as 'field' or 'field[operator]'.")
        if name in reserved:
            raise UsageError(f"filters: {name} is set by the client itself, or by an argument of its own.")
        if name in query:
            raise UsageError(f"filters: {name} is given twice, also by an argument of its own.")
        argument = f"filters[{name}]"
        others[name] = _text(argument, value) if isinstance(value, str | int) else _joined(argument, value)
    return query | others


def bare(**fields: str | None) -> Params:
    """Texts under a name without an operator: ``fromEventId``."""
    return _params(fields, "", "", _plain)


def equal(**fields: str | None) -> Params:
    """One text: ``title[eq]``."""
    return _params(fields, "[eq]", "", _plain)


def contains(**fields: str | None) -> Params:
    """A part of a text: ``title[contains]``, for the argument ``title_contains``."""
    return _params(fields, "[contains]", "_contains", _plain)


def any_of(**fields: Texts | None) -> Params:
    """One text or several: ``status[eq]`` or ``status[in]``."""
    query: dict[str, str | int] = {}
    for field, value in fields.items():
        if value is not None:
            texts = _text(field, value) if isinstance(value, str) else _joined(field, value)
            is_one = isinstance(value, str) or "," not in texts
            query[f"{camel_case(field)}[{'eq' if is_one else 'in'}]"] = texts
    return query


def several(**fields: Texts | None) -> Params:
    """One text or several, for the plural of a field: ``email[in]``, for the argument ``emails``."""
    return _params(fields, "[in]", "s", _one_or_several)


def flags(**fields: bool | None) -> Params:
    """Yes or no. The service documents a text and names no values: ``true`` and ``false`` are a guess."""
    return _params(fields, "[eq]", "", _flag)


def numbers(**fields: int | Range[int] | None) -> Params:
    """A whole number, or a range of them: ``invited[eq]``, or ``invited[gte]`` and ``invited[lt]``."""
    return _bounds(fields, _whole_number)


def times(unit: TimeUnit, **fields: datetime | Range[datetime] | None) -> Params:
    """A point in time, or a range: ``startDate[eq]``, or ``startDate[gte]`` and ``startDate[lt]``."""
    return _bounds(fields, _timestamp_in(unit))


def at(unit: TimeUnit, **fields: datetime | None) -> Params:
    """One point in time: ``fromDate[eq]``."""
    return _params(fields, "[eq]", "", _timestamp_in(unit))


def before(unit: TimeUnit, **fields: datetime | None) -> Params:
    """Earlier than a point in time: ``registrationDate[before]``, for ``registration_date_before``."""
    return _params(fields, "[before]", "_before", _timestamp_in(unit))


def after(unit: TimeUnit, **fields: datetime | None) -> Params:
    """Later than a point in time: ``registrationDate[after]``, for ``registration_date_after``."""
    return _params(fields, "[after]", "_after", _timestamp_in(unit))


def _params(
    fields: Mapping[str, object], operator: str, suffix: str, convert: Callable[[str, object], str | int]
) -> Params:
    """The parameters of the fields that are given.

    :param suffix: what the caller's argument has after the field's name.
    """
    return {
        camel_case(field) + operator: convert(field + suffix, value)
        for field, value in fields.items()
        if value is not None
    }


def _bounds(fields: Mapping[str, object], convert: Callable[[str, object], int]) -> Params:
    query: dict[str, str | int] = {}
    for argument, value in fields.items():
        if value is None:
            continue
        name = camel_case(argument)
        if isinstance(value, Range):
            bounds = attrs.asdict(cast("Range[object]", value), recurse=False)
            given = {operator: bound for operator, bound in bounds.items() if bound is not None}
            if not given:
                raise UsageError(f"{argument}: the Range has no bound, such as Range(gte=1).")
            for operator, bound in given.items():
                query[f"{name}[{operator}]"] = convert(f"{argument}.{operator}", bound)
        else:
            query[f"{name}[eq]"] = convert(argument, value)
    return query


def _plain(argument: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{argument} takes a text, not {type(value).__name__}.")
    return _text(argument, value)


def _one_or_several(argument: str, value: object) -> str:
    return _joined(argument, [value] if isinstance(value, str) else value)


def _flag(argument: str, value: object) -> str:
    if not isinstance(value, bool):
        raise UsageError(f"{argument} takes True or False, not {type(value).__name__}.")
    return str(value).lower()


def _whole_number(argument: str, value: object) -> int:
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


def _joined(argument: str, values: object) -> str:
    """Several values as one, in order and each once."""
    if not isinstance(values, Iterable):
        raise UsageError(f"{argument} takes texts or whole numbers, not {type(values).__name__}.")
    texts = [_text(argument, value) for value in cast("Iterable[object]", values)]
    if not texts:
        raise UsageError(f"{argument} is empty: to filter nothing, leave it out.")
    if any("," in text for text in texts):
        raise UsageError(f"{argument}: the service has no way to write a comma inside a value of a list.")
    return ",".join(dict.fromkeys(texts))


def _text(argument: str, value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise UsageError(f"{argument} takes texts or whole numbers, not {type(value).__name__}.")
    if value == "":
        raise UsageError(f"{argument} is an empty text: to filter nothing, leave it out.")
    return str(value)

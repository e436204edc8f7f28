"""Models as rows of a table, whose columns hold values of one type each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_type_hints

import attrs

from ..errors import UsageError
from ._json import encodable, write_of_model
from ._model import Model

RowValue = str | int | float | bool | datetime | None
"""What a column can hold."""


def to_row(model: Model) -> dict[str, RowValue]:
    """A model as one flat row: snake_case names, Python values, always the same columns in the same order.

    Made for what wants a table, such as pandas, Polars, pyarrow and SQL: a column has values of one type, or ``None``.

    - A datetime is aware and in UTC, an enum is its text, a number that may be a fraction is a ``float``.
    - The fields of a model within the model are columns of their own: ``metrics.attendee`` is ``metrics_attendee``.
    - An array or an object is a text of JSON. The value of a custom property, whose type differs from row to row, is
      the text that it is, or a text of JSON.
    - ``extra`` is left out, because its fields differ from row to row.

    Names and emails are in it, as data. Half a surrogate pair, which no table can hold, is U+FFFD.

    :raises UsageError: ``model`` is not a model, or an array or object in it holds NaN or an infinity.
    """
    if not isinstance(model, Model):
        raise UsageError(f"to_row takes a model, not {type(model).__name__}.")
    kind: Any = type(model)
    return {name: column(model) for name, column in _columns(kind).items()}


@lru_cache(maxsize=256)  # a program that makes classes must not fill the memory
def _columns(model: type[object]) -> dict[str, Callable[[Any], RowValue]]:
    """The columns of a model, and how each is read from one."""
    kinds = get_type_hints(model)
    columns: dict[str, Callable[[Any], RowValue]] = {}
    for field, kind in kinds.items():
        present = _present(kind)
        if attrs.has(present):
            for name, column in _columns(present).items():
                columns[f"{field}_{name}"] = _reader(field, column)
        elif field != "extra":
            columns[field] = _reader(field, _SIMPLE.get(present, _as_text))
    return columns


def _present(kind: Any) -> Any:
    """The type of a field where it is not ``None``, if that is one type."""
    match get_args(kind):
        case (present, absent) if absent is NoneType:
            return present
        case _:
            return kind


def _reader(name: str, convert: Callable[[Any], RowValue]) -> Callable[[Any], RowValue]:
    def read(model: object) -> RowValue:
        value = getattr(model, name)
        return None if value is None else convert(value)

    return read


def _as_is(value: int) -> int:
    return value


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; on the first and last day of all dates, where UTC may have none, the same date."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def _as_text(value: object) -> str:
    return encodable(str(value)) if isinstance(value, str) else write_of_model(value)


_SIMPLE: Mapping[object, Callable[[Any], RowValue]] = {
    int: _as_is,
    bool: _as_is,
    float: float,
    datetime: _in_utc,
}
"""Types that tables know. Whatever else there is becomes a text."""

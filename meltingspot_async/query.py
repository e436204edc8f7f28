"""Filters of lists: Python values to the service's LHS brackets, ``status[in]=Started,Completed``.

The form is documented on the configuration page of the API reference; how a comma inside a value of a list
would be escaped is not, so such a value is refused rather than sent to be misunderstood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .errors import UsageError

FilterValue = str | int | Iterable[str | int]
"""One value, or several for an operator that takes a list (``in``, ``notin``)."""

_NAME = re.compile(r"[A-Za-z]\w*\[[a-z]+\]", re.ASCII)


def one_or_several(field: str, argument: str, values: str | Iterable[str] | None) -> dict[str, str]:
    """``field[eq]`` for one text, ``field[in]`` for several, nothing for ``None``."""
    if values is None:
        return {}
    if isinstance(values, str):
        return {f"{field}[eq]": _text(argument, values)}
    texts = _several(argument, values)
    return {f"{field}[eq]": texts} if "," not in texts else {f"{field}[in]": texts}


def several(field: str, argument: str, values: Iterable[str] | None) -> dict[str, str]:
    """``field[in]`` for any number of texts, nothing for ``None``."""
    if values is None:
        return {}
    if isinstance(values, str):
        raise UsageError(f"{argument} takes several texts, such as a list, not one text.")
    return {f"{field}[in]": _several(argument, values)}


def other_filters(filters: Mapping[str, FilterValue] | None, known: Mapping[str, str]) -> dict[str, str]:
    """Filters given by the service's own names, such as ``{"status[neq]": "Invited"}``.

    :param known: filters given by keyword; none of them may be given again.
    """
    query: dict[str, str] = {}
    for name, value in (filters or {}).items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"filters: {name!r} is not of the form 'field[operator]'.")
        if name in known:
            raise UsageError(f"filters: {name} is given twice, by keyword too.")
        argument = f"filters[{name}]"
        query[name] = _text(argument, value) if isinstance(value, str | int) else _several(argument, value)
    return query


def _several(argument: str, values: Iterable[str | int]) -> str:
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

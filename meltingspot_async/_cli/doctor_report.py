"""How ``meltingspot doctor`` tells what it found out."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .doctor import Count, Diagnosis, ListSeen


def report(found: Diagnosis) -> Iterator[str]:
    """The findings, line by line, and at the end the options to use."""
    yield f"Requests sent: {found.requests}"
    if found.accepted is None:
        yield "Key: not accepted, neither raw nor as Bearer. Check it (Spot settings, API Access tab)."
    else:
        yield f"Key: accepted {'raw' if found.accepted == 'raw' else f'as {found.accepted}'}"
        yield f"First page of a list: {_or_unknown(found.first_page)}"
        yield f"Items without a limit: {_count(found.default_limit)}"
        yield f"Items at once, at the most: {_count(found.largest_limit)}"
    headers = ", ".join(f"{name}: {value}" for name, value in found.rate_limit_headers.items())
    yield f"Rate-limit headers: {headers or 'none'}"
    for status, shape in found.error_bodies.items():
        yield f"Body of a {status}: {json.dumps(shape)}"
    for seen in found.lists:
        yield from _list(seen)
    for failure in found.failures:
        yield f"No answer: {failure}"
    for path in found.skipped:
        yield f"Not asked for, as the requests were used up: {path}"
    if found.accepted is not None:
        yield "Use:"
        options = "".join(f", {name}={value!r}" for name, value in found.client_options.items())
        yield f"  MeltingSpotClient(api_key{options})"
        for name, value in found.client_options.items():
            yield f"  or MELTINGSPOT_{name.upper()}={value}"
        for name, number in found.list_options.items():
            yield f"  {name}={number} for lists"


def _list(seen: ListSeen) -> Iterator[str]:
    yield f"GET {seen.path}: {seen.status}, items looked at: {seen.items}"
    yield from (f"  {drift}" for drift in seen.unknown)
    if seen.absent_required:
        yield f"  required, and absent from some: {', '.join(seen.absent_required)}"
    if seen.absent_optional:
        yield f"  documented, and absent from all: {', '.join(seen.absent_optional)}"
    if seen.problem:
        yield f"  not as documented at {seen.problem}"


def _or_unknown(value: object) -> str:
    return "unknown, there was too little to see" if value is None else str(value)


def _count(count: Count | None) -> str:
    return _or_unknown(count and f"{'' if count.exact else 'at least '}{count.number}")

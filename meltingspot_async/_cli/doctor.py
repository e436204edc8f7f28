"""``meltingspot doctor``: what the documentation of the service leaves open, found out for one key, and reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import attrs
import typer

from .._environment import api_key_from_env, base_url_from_env
from .diagnosis import Count, Diagnosis, ListSeen
from .examination import MAX_REQUESTS, examine
from .limiting import command_limiter
from .running import ExitCode, run


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Find out what the documentation leaves open about a key and its service, in at most 12 requests.

    It only reads. Nobody's name or email is in its report. Exits with 1 if the service does not accept the key.
    """

    async def find_out() -> Diagnosis:
        api_key, base_url = api_key_from_env(), base_url_from_env()
        async with command_limiter() as limiter:
            return await examine(api_key, base_url, limiter)

    found = run(find_out())
    typer.echo(json.dumps(attrs.asdict(found), indent=2) if as_json else "\n".join(report(found)))
    if found.accepted is None:
        raise typer.Exit(ExitCode.FAILED)


def report(found: Diagnosis) -> Iterator[str]:
    """The findings, line by line, and at the end the options to use."""
    yield f"Requests sent: {found.requests}"
    if found.accepted is None:
        yield "Key: not accepted, neither raw nor as Bearer. Check it (Spot settings, API Access tab)."
    else:
        yield f"Key: accepted {'raw' if found.accepted == 'raw' else f'as {found.accepted}'}"
        yield f"First page of a list: {_or_unknown(found.first_page)}"
        yield f"Items on a page without a limit: {_count(found.default_limit)}"
        yield f"Most items on a page: {_count(found.largest_limit)}"
    headers = ", ".join(f"{name}: {value}" for name, value in found.rate_limit_headers.items())
    yield f"Rate-limit headers: {headers or 'none'}"
    for status, shape in found.error_bodies.items():
        yield f"Body of a {status}: {json.dumps(shape)}"
    for seen in found.lists:
        yield from _list(seen)
    for failure in found.failures:
        yield f"No answer: {failure}"
    for path in found.skipped:
        yield f"Not asked for, because all {MAX_REQUESTS} requests were used: {path}"
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
        yield f"  required, but missing from some items: {', '.join(seen.absent_required)}"
    if seen.absent_optional:
        yield f"  documented, but missing from all items: {', '.join(seen.absent_optional)}"
    if seen.problem:
        yield f"  not as documented at {seen.problem}"


def _or_unknown(value: object) -> str:
    return "unknown (too few items, or the service refused to say)" if value is None else str(value)


def _count(count: Count | None) -> str:
    return _or_unknown(count and f"{'' if count.exact else 'at least '}{count.number}")

"""What ``meltingspot doctor`` finds out: what the documentation of the service leaves open, for one key.

It reads, in at most twelve requests, and keeps of the answers their shape only: names of fields, values of enums,
counts, types. No name, email or text of a person is in its report.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import cast

import attrs

from .._http.endpoint import expand_path
from .._http.response import RawResponse
from .._http.retry import RetryPolicy
from .._redaction import redacted
from ..client import MeltingSpotClient
from ..errors import InvalidResponseError, MeltingSpotError
from ..models import (
    Activity,
    Channel,
    Course,
    CourseParticipant,
    CustomRole,
    Forum,
    Group,
    Live,
    SpotMember,
)
from ..models._converter import structure
from ..models._model import Model, field_names, required_names
from ..rate_limit import RateLimiter
from ..resources.activities import PATH as ACTIVITIES

MOST_REQUESTS = 12
"""Requests that an examination takes at the most."""

LARGE_LIMITS = (10_000, 1_000)
"""What is tried as ``limit``; the second one if the first is refused."""

NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""

SHOWN = 64
"""Characters shown of a name or a header that the service chose."""

_OTHER_LISTS: dict[str, type[Model]] = {
    "/v1/lives": Live,
    "/v1/channels": Channel,
    "/v1/groups": Group,
    "/v1/forums": Forum,
    "/v1/spotMemberCustomRole": CustomRole,
}
_KINDS: dict[type, str] = {str: "text", bool: "boolean", type(None): "null"}


@attrs.frozen
class Count:
    """A number of items that came at once."""

    number: int
    exact: bool
    """Whether there were more to be had; otherwise the true number is this at least."""


@attrs.frozen(kw_only=True)
class ListSeen:
    """What a list was like."""

    path: str
    """Path that was asked for."""
    status: int
    """HTTP status."""
    items: int
    """Items looked at."""
    unknown: tuple[str, ...]
    """Fields and enum values that the models do not know."""
    absent_required: tuple[str, ...]
    """Fields that every item should have, and some had not."""
    absent_optional: tuple[str, ...]
    """Other documented fields that no item had."""
    problem: str | None
    """What kept an item from being understood: a JSON path, and types."""


@attrs.define
class Diagnosis:
    """What was found out. ``None`` stands for what could not be."""

    requests: int = 0
    """Requests sent."""
    accepted: str | None = None
    """How the key is accepted: ``"raw"`` or ``"Bearer"``."""
    first_page: int | None = None
    """Number of the first page of a list."""
    default_limit: Count | None = None
    """Items of a page asked for without ``limit``."""
    largest_limit: Count | None = None
    """Items that the service gives at once."""
    rate_limit_headers: dict[str, str] = attrs.field(factory=dict[str, str])
    """Headers of any answer that speak of a limit."""
    error_bodies: dict[str, object] = attrs.field(factory=dict[str, object])
    """Shape of the body by the status of an error."""
    lists: list[ListSeen] = attrs.field(factory=list[ListSeen])
    """What each list was like."""
    failures: list[str] = attrs.field(factory=list[str])
    """Requests that got no answer."""
    skipped: list[str] = attrs.field(factory=list[str])
    """What there was no request left for."""
    client_options: dict[str, str] = attrs.field(factory=dict[str, str])
    """Options for ``MeltingSpotClient``."""
    list_options: dict[str, int] = attrs.field(factory=dict[str, int])
    """Options for lists."""


async def examine(api_key: str, base_url: str, limiter: RateLimiter) -> Diagnosis:
    """Find out what can be found out with a key.

    :raises TransportError: the service cannot be reached.
    :raises UsageError: the key or the address cannot be sent.
    """
    found, once = Diagnosis(), RetryPolicy(attempts=1)
    for scheme in (None, "Bearer"):
        async with MeltingSpotClient(
            api_key, base_url=base_url, auth_scheme=scheme, retry=once, limiter=limiter
        ) as client:
            examination = _Examination(client, found)
            courses = await examination.ask("/v1/courses")
            if courses is not None and courses.status not in {401, 403}:
                found.accepted = scheme or "raw"
                await examination.go_on(courses)
                break
    if found.accepted == "Bearer":
        found.client_options["auth_scheme"] = "Bearer"
    return found


@attrs.define
class _Examination:
    """The questions put to the service, and where the answers go."""

    client: MeltingSpotClient
    found: Diagnosis

    async def go_on(self, courses: _Answer) -> None:
        """Ask everything else, the most useful first."""
        self.look_at("/v1/courses", courses, Course)
        await self.learn_pages()
        await self.ask(f"/v1/courses/{NOBODY}/participants/{NOBODY}")
        course = next(iter(courses.ids), NOBODY)
        participants = await self.ask(expand_path("/v1/courses/{id}/participants", id=course))
        self.look_at("/v1/courses/{courseId}/participants", participants, CourseParticipant)
        week = int((datetime.now(UTC) - timedelta(days=7)).timestamp())
        self.look_at(ACTIVITIES, await self.ask(ACTIVITIES, {"fromDate[eq]": week, "limit": 100}), Activity)
        for path, model in _OTHER_LISTS.items():
            self.look_at(path, await self.ask(path), model)

    async def learn_pages(self) -> None:
        """Learn from the members how lists are cut into pages."""
        path, found = "/v1/spotMembers", self.found
        members = await self.ask(path)
        self.look_at(path, members, SpotMember)
        if members is None or not members.documents:
            return
        given, total = len(members.documents), members.total
        found.default_limit = Count(given, exact=given < total)
        page_1 = await self.ask(path, {"page": 1, "limit": 1})
        if page_1 is not None and page_1.status == 200:
            found.first_page = 1 if page_1.ids == members.ids[:1] else 0
        for limit in LARGE_LIMITS:
            page = await self.ask(path, {"limit": limit})
            if page is not None and page.status == 200:
                given = len(page.documents)
                found.largest_limit = Count(given, exact=given < min(limit, total))
                if found.largest_limit.exact:
                    found.list_options["page_size"] = given
                break

    async def ask(self, path: str, params: dict[str, str | int] | None = None) -> _Answer | None:
        """One request, if there is one left. Notes what any answer can tell."""
        found = self.found
        if found.requests >= MOST_REQUESTS:
            found.skipped.append(path)
            return None
        found.requests += 1
        try:
            response = await self.client.session_manager.probe(path, params)
        except MeltingSpotError as error:
            if found.requests == 1:
                raise
            found.failures.append(str(error))
            return None
        for name, value in response.headers.items():
            if name.lower() == "retry-after" or "ratelimit" in name.lower().replace("-", ""):
                found.rate_limit_headers[name] = redacted(value, SHOWN)
        if response.status >= 300:
            found.error_bodies[str(response.status)] = _shape_of_body(response.body)
        return _Answer.of(response)

    def look_at(self, path: str, answer: _Answer | None, model: type[Model]) -> None:
        """Note what the items of a list are like."""
        if answer is None:
            return
        documents = answer.documents
        noticed: dict[str, None] = {}
        problem = None
        for document in documents:
            try:
                structure(
                    json.dumps(document).encode(), model, path, lambda drift: noticed.setdefault(str(drift))
                )
            except InvalidResponseError as error:
                problem = problem or f"{error.field}: {error.problem}"
        names, required = field_names(model), required_names(model)
        somewhere = {name for document in documents for name in document}
        everywhere = somewhere.intersection(*documents)
        self.found.lists.append(
            ListSeen(
                path=path,
                status=answer.status,
                items=len(documents),
                unknown=tuple(noticed),
                absent_required=tuple(n for n in required if documents and n not in everywhere),
                absent_optional=tuple(n for n in names if documents and n not in {*somewhere, *required}),
                problem=problem,
            )
        )


@attrs.frozen
class _Answer:
    """What an answer holds of a list."""

    status: int
    documents: list[dict[str, object]]
    """The items of a page or the lines of an export, as far as they are objects."""
    total: int

    @classmethod
    def of(cls, response: RawResponse) -> _Answer:
        """Read an answer, of which an unsuccessful one holds nothing."""
        if response.status != 200:
            return cls(response.status, [], 0)
        whole = _parsed(response.body)
        page = cast("dict[str, object]", whole) if isinstance(whole, dict) else {}
        found = page["items"] if "items" in page else [_parsed(line) for line in response.body.splitlines()]
        items = cast("list[object]", found) if isinstance(found, list) else []
        documents = [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
        total = page.get("total")
        return cls(200, documents, total if isinstance(total, int) else 0)

    @property
    def ids(self) -> list[str]:
        """The ids of its items."""
        return [str(document.get("id")) for document in self.documents]


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shape_of_body(body: bytes) -> object:
    """What an error's body is made of, without its words."""
    if not body.strip():
        return "empty"
    parsed = _parsed(body)
    return f"text, {len(body)} bytes" if parsed is None else _shape(parsed)


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {redacted(name, SHOWN): _shape(v) for name, v in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_shape(item) for item in cast("list[object]", value)[:1]]
    return _KINDS.get(type(value), "number")

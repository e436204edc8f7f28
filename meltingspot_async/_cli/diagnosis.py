"""What the answers of the service tell ``meltingspot doctor``. Pure: nothing here sends a request.

Of the answers only their shape is kept: names of fields, values of enums, counts, types. No name, email or text of
a person is in a diagnosis.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

import attrs

from .._http.response import RawResponse
from .._redaction import redacted
from ..errors import InvalidResponseError
from ..events import Drift
from ..models._converter import structure
from ..models._model import Model
from ..models._names import field_names, required_names

MAX_SHOWN = 64
"""Characters that are shown of a name or a header that the service chose."""

MAX_LINE = 200
"""Characters that are shown of what a model does not know."""

_KINDS: dict[type, str] = {str: "text", bool: "boolean", type(None): "null"}


@attrs.frozen
class Count:
    """How many items an answer had."""

    number: int
    exact: bool
    """Whether the service held some back. Otherwise it had no more, and the number asked about is at least this."""


@attrs.frozen(kw_only=True)
class ListSeen:
    """What one list was like."""

    path: str
    """The path that was asked for."""
    status: int
    """HTTP status."""
    items: int
    """Items looked at."""
    unknown: tuple[str, ...]
    """Fields and enum values that the models do not know."""
    absent_required: tuple[str, ...]
    """Fields that every item should have, and that are missing from some."""
    absent_optional: tuple[str, ...]
    """Other documented fields that are missing from all items."""
    problem: str | None
    """Why the first odd item could not be structured: a JSON path, and types."""


@attrs.define
class Diagnosis:
    """What was found out. ``None`` stands for what could not be."""

    requests: int = 0
    """Requests sent."""
    accepted: str | None = None
    """How the service accepts the key: ``"raw"`` or ``"Bearer"``."""
    first_page: int | None = None
    """Number of the first page of a list."""
    default_limit: Count | None = None
    """Items on a page that was asked for without ``limit``."""
    largest_limit: Count | None = None
    """The most items that the service puts on a page."""
    rate_limit_headers: dict[str, str] = attrs.field(factory=dict[str, str])
    """Headers of any answer that are about a limit."""
    error_bodies: dict[str, object] = attrs.field(factory=dict[str, object])
    """The shape of an error's body, by status."""
    lists: list[ListSeen] = attrs.field(factory=list[ListSeen])
    """What each list was like."""
    failures: list[str] = attrs.field(factory=list[str])
    """Requests that got no answer."""
    skipped: list[str] = attrs.field(factory=list[str])
    """Paths that no request was left for."""
    client_options: dict[str, str] = attrs.field(factory=dict[str, str])
    """Options for ``MeltingSpotClient``."""
    list_options: dict[str, int] = attrs.field(factory=dict[str, int])
    """Options for lists."""


@attrs.frozen
class ListAnswer:
    """What an answer holds of a list."""

    status: int
    documents: list[dict[str, object]]
    """The items of a page, or the lines of an export, as far as they are objects."""
    total: int
    """Items that the service has on all pages."""

    @classmethod
    def of(cls, response: RawResponse) -> ListAnswer:
        """Read an answer. An unsuccessful one holds nothing."""
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

    def compared_with(self, model: type[Model], path: str) -> ListSeen:
        """How the items differ from what the model expects."""
        noticed: dict[str, None] = {}
        problem = None

        def notice(drift: Drift) -> None:
            noticed.setdefault(redacted(str(drift), MAX_LINE))

        for document in self.documents:
            try:
                structure(json.dumps(document).encode(), model, path, notice)
            except InvalidResponseError as error:
                problem = problem or f"{error.field}: {error.problem}"
        names, required = field_names(model), required_names(model)
        in_some = {name for document in self.documents for name in document}
        in_all = in_some.intersection(*self.documents)
        return ListSeen(
            path=path,
            status=self.status,
            items=len(self.documents),
            unknown=tuple(noticed),
            absent_required=tuple(n for n in required if self.documents and n not in in_all),
            absent_optional=tuple(n for n in names if self.documents and n not in {*in_some, *required}),
            problem=problem,
        )


def limit_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are about a rate limit."""
    return {
        name: redacted(value, MAX_SHOWN)
        for name, value in headers.items()
        if name.lower() == "retry-after" or "ratelimit" in name.lower().replace("-", "")
    }


def shape_of_body(body: bytes) -> object:
    """What the body of an error is made of, without its words."""
    if not body.strip():
        return "empty"
    parsed = _parsed(body)
    return f"text, {len(body)} bytes" if parsed is None else _shape(parsed)


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {redacted(name, MAX_SHOWN): _shape(v) for name, v in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_shape(item) for item in cast("list[object]", value)[:1]]
    return _KINDS.get(type(value), "number")

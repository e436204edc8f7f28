"""An answer as it came, and what an unsuccessful one means. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

import attrs

from .._redaction import redacted
from ..errors import ApiError, api_error_class
from .retry import retry_after

MESSAGE_LENGTH = 200
"""Characters kept of the service's own error message."""


@attrs.frozen
class RawResponse:
    """An answer as it came. Its repr shows no body, which can hold personal data."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Looked up case-insensitively."""
    body: bytes = attrs.field(repr=False)
    """Decompressed."""


def api_error(path: str, response: RawResponse, secret: str, now: datetime) -> ApiError | None:
    """The error an answer amounts to, or ``None`` for a success (2xx).

    :param secret: the key, kept out of the error even if the service repeats it.
    :param now: the time here, for a Retry-After given as a date.
    """
    if 200 <= response.status < 300:
        return None
    message = _message(response.body.decode("utf-8", "replace").replace(secret, "[key]"))
    if 300 <= response.status < 400:
        message = "a redirect, which is never followed: is base_url right?"
    return api_error_class(response.status)(
        status=response.status,
        path=path,
        message=message,
        request_id=response.headers.get("X-Request-Id"),
        retry_after=retry_after(response.headers, now),
    )


def _message(body: str) -> str:
    """The service's own words in an error body of any shape, on one line, shortened and without emails."""
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError):
        told = "" if body.lstrip()[:1] in {"<", "{", "["} else body  # a page, or JSON that was cut
    for _ in range(3):  # {"error": {"message": ["..."]}} is as deep as error bodies commonly get
        if isinstance(told, dict):
            named = cast("dict[str, object]", told)
            told = next((named[k] for k in ("message", "error", "detail", "title") if named.get(k)), "")
        elif isinstance(told, list):
            told = next(iter(cast("list[object]", told)), "")
    return redacted(told if isinstance(told, str) else "", MESSAGE_LENGTH)

"""An answer as it was received, and what an unsuccessful one means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar, cast

import attrs

from .._redaction import redacted
from ..errors import ApiError, InvalidResponseError, RateLimitError, api_error_class
from ..models._json import NotJsonError, parse, read

T = TypeVar("T")

MAX_MESSAGE_LENGTH = 200
"""Characters kept of the service's own error message."""

MAX_REQUEST_ID_LENGTH = 100
"""Characters kept of the service's id of a request."""

_NAMES = ("message", "error", "errors", "detail", "title")
"""Fields in which error bodies commonly hold their message."""


@attrs.frozen
class RawResponse:
    """An answer as it was received. Its repr shows no body, which can hold personal data."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Looked up case-insensitively."""
    body: bytes = attrs.field(repr=False)
    """Decompressed."""
    path: str = ""
    """Path that was asked for, without the query."""

    @property
    def request_id(self) -> str | None:
        """The service's id of the request (``X-Request-Id``), to quote to its support; ``None`` if it sent none."""
        return request_id(self.headers)

    def json(self) -> object:
        """What the body holds. Each call reads it anew, so the value is the caller's own.

        :raises InvalidResponseError: the body is not JSON.
        """
        return parse(self.body, self.path)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@attrs.frozen
class Response(Generic[T]):
    """An answer as a model, with what came around it."""

    value: T
    """What the answer describes."""
    status: int
    """HTTP status."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Looked up case-insensitively."""

    @property
    def request_id(self) -> str | None:
        """The service's id of the request (``X-Request-Id``), to quote to its support; ``None`` if it sent none."""
        return request_id(self.headers)


def request_id(headers: Mapping[str, str], secret: str = "") -> str | None:
    """The service's id of a request, on one line, shortened, without emails and key."""
    return redacted(headers.get("X-Request-Id", ""), MAX_REQUEST_ID_LENGTH, secret) or None


def document(path: str, response: RawResponse) -> bytes:
    """The body of an answer that a model can be made of: that of a 200, which must not be empty.

    :param path: path of the request, for the error's text.
    :raises InvalidResponseError: the answer has no body, or only a part of one.
    """
    if response.status != 200:
        problem = f"its status is {response.status}, and only a 200 has all that was asked for"
        raise InvalidResponseError(path, "$", problem)
    return response.body


def api_error(
    path: str,
    response: RawResponse,
    secret: str,
    *,
    attempt: int,
    retry_after: float | None,
    pause: float | None,
) -> ApiError:
    """The error that an unsuccessful answer amounts to.

    :param secret: the key, kept out of the error even if the service repeats it.
    :param attempt: number of the attempt it ended, from 1.
    :param retry_after: seconds the service asked to wait, if it did.
    :param pause: seconds for which the whole key pauses, if this is a 429.
    """
    error_class = api_error_class(response.status)
    message = redacted(_words(response.body), MAX_MESSAGE_LENGTH, secret)
    if 300 <= response.status < 400:
        message = "a redirect, which is never followed: is base_url right?"
    quoted = request_id(response.headers, secret)
    said = (response.status, path, message, quoted, retry_after, attempt)
    return error_class(*said, pause) if issubclass(error_class, RateLimitError) else error_class(*said)


def _words(body: bytes) -> str:
    """The service's own words in an error body of any shape."""
    try:
        words = read(body)
    except NotJsonError:
        is_text = body.lstrip()[:1] not in {b"<", b"{", b"["}  # neither a page, nor JSON that was cut
        words = body.decode("utf-8", "replace") if is_text else ""
    for _ in range(3):  # {"errors": [{"message": "..."}]} is as deep as error bodies commonly get
        if isinstance(words, dict):
            named = cast("dict[str, object]", words)
            words = next((named[k] for k in _NAMES if named.get(k)), "")
        elif isinstance(words, list):
            words = next(iter(cast("list[object]", words)), "")
    return words if isinstance(words, str) else ""

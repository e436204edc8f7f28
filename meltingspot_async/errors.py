"""Everything that can go wrong, as one tree of exceptions.

Every text ends with what to do next. No text holds the API key, a person's name or email, or a piece of
an answer's body beyond the service's own error message. All of them can be pickled, so they cross process
pools and task queues unharmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

import attrs

from ._advice import advice_about
from ._redaction import redacted, shown_path

SHOWN_ERRORS = 3
"""Errors of single lists that the text of a :class:`ListsFailedError` shows."""

MAX_ID = 64
"""Characters shown of an id."""


class MeltingSpotError(Exception):
    """Base of every exception this package raises on purpose."""

    retry_after: float | None = None
    """Seconds after which the same call may succeed, such as for a ``Retry-After`` of yours; ``None`` if not known."""


class UsageError(MeltingSpotError, ValueError):
    """The request cannot be sent: an empty id, a bad ``base_url``, a closed client.

    Nothing was sent, and sending the same again will not help.
    """


@attrs.define(slots=False, eq=False)
class ApiError(MeltingSpotError):
    """The service answered, and the answer is not a success.

    One subclass per status that people handle; any other status, redirects included (they are never
    followed), is a plain ``ApiError``.
    """

    advice: ClassVar[str] = "The service refused the request: look at the status and the message."

    status: int
    """HTTP status of the last answer."""
    path: str
    """Path that was asked for, without the query, which can hold emails."""
    message: str = ""
    """The service's own words, on one line, shortened, without emails and key. Often empty: no page
    documents an error body."""
    request_id: str | None = None
    """The service's id of the request (``X-Request-Id``), to quote to its support."""
    retry_after: float | None = None
    """Seconds the service asked to wait; ``None`` when it did not say."""
    attempts: int = 1
    """Requests sent for this call, this one included."""

    def __str__(self) -> str:
        said = f" ({self.message})" if self.message else ""
        marks = [f"attempts: {self.attempts}"]
        if self.retry_after is not None:
            marks.append(f"retry after: {self.retry_after:g} s")
        if self.request_id:
            marks.append(f"request id: {self.request_id}")
        advice = advice_about(self.status) or self.advice
        return f"{self.status} for GET {self.path}{said}. {advice} [{', '.join(marks)}]"


class BadRequestError(ApiError):
    """400: the service did not understand the request."""

    advice = "Check the ids and filters of the call."


class AuthenticationError(ApiError):
    """401: the service did not accept the key."""

    advice = (
        "Check the secret key of the Spot (settings, API Access tab). "
        'If the key is right, try auth_scheme="Bearer" (or MELTINGSPOT_AUTH_SCHEME=Bearer).'
    )


class PermissionDeniedError(ApiError):
    """403: the service knows the key, and the key may not read this."""

    advice = "Check what this key may read: API access is a paid feature, and a key belongs to one Spot."


class NotFoundError(ApiError):
    """404: there is nothing of that id, or it belongs to another Spot."""

    advice = "Check the ids, and that the key belongs to the Spot that owns them."


@attrs.define(slots=False, eq=False)
class RateLimitError(ApiError):
    """429: the programs that use the key have sent more requests than it allows."""

    advice: ClassVar[str] = (
        "Another program uses this key, too: share one limiter between all of them, and try again after the "
        "time given."
    )

    pause: float | None = attrs.field(default=None, repr=False)
    """Seconds for which this answer makes the whole key pause. A limiter that keeps the pause reads it when the slot
    ends, and sets it to ``None``; else the call itself waits for so long."""


class ServerError(ApiError):
    """5xx: the service is in trouble."""

    advice = "The service is in trouble; try again later."


@attrs.define(slots=False, eq=False)
class TransportError(MeltingSpotError):
    """No complete answer arrived: the connection was refused, reset or cut, or DNS or TLS failed."""

    advice: ClassVar[str] = "Check the network, the proxy and base_url; then try again."

    reason: str
    """What happened."""
    path: str
    """Path that was asked for, without the query."""
    attempts: int = 1
    """Attempts made for this call, this one included."""
    sent: bool = True
    """Whether the service may have received the request; ``False`` when no connection could be made."""
    remedy: str | None = None
    """What to do, if more is known than that the network failed; in the text, it stands in place of ``advice``."""
    lasting: bool = False
    """Whether trying again cannot help, as with a certificate that cannot be verified."""

    def __str__(self) -> str:
        what_next = self.remedy or self.advice
        return f"No answer for GET {self.path}: {self.reason}. {what_next} [attempts: {self.attempts}]"


class RequestTimeoutError(TransportError, TimeoutError):
    """One attempt took longer than ``timeout`` seconds, its body included."""

    advice = "Try again, or give the attempt a longer timeout."


@attrs.define(slots=False, eq=False)
class DeadlineExceededError(MeltingSpotError, TimeoutError):
    """The call did not end, or cannot end, within its deadline.

    Raised *before* a wait that would not fit, so that the caller has time left to do something else; and when the
    deadline passes while an attempt is under way.
    """

    wait_needed: float | None
    """Least seconds that the next step would have had to wait; ``None`` when an attempt was cut short."""
    deadline: float
    """Seconds the call was given; if a limiter raised the error, the seconds that were left."""

    def __attrs_post_init__(self) -> None:
        self.retry_after: float | None = self.wait_needed

    def __str__(self) -> str:
        if self.wait_needed is None:
            what = f"No answer within the deadline of {self.deadline:g} s"
        else:
            what = (
                f"A wait of {self.wait_needed:.3g} s does not fit into the deadline of {self.deadline:.3g} s"
            )
        return f"{what}. Try again later, or give the call a longer deadline."


@attrs.define(slots=False, eq=False)
class QuotaExhaustedError(MeltingSpotError):
    """The allowance of the key is used up for longer than a call should wait. Nothing was sent."""

    retry_after: float  # pyright: ignore[reportIncompatibleVariableOverride] # it is always known here
    """Seconds until the next request can be sent."""
    bulk_only: bool = False
    """Whether only bulk requests have used up their part, while interactive ones go on."""

    def __str__(self) -> str:
        if self.bulk_only:
            return (
                "Bulk requests have used up their part of this key's allowance; interactive ones go on. "
                f"Continue the batch in {self.retry_after:.0f} s."
            )
        return (
            f"The allowance of this key is used up. Try again in {self.retry_after:.0f} s; "
            "until then every call fails like this, and no request is sent."
        )


CHECK_REDIS = (
    "Check that Redis runs and can be reached, and its URL and credentials; or give the limiter a fallback."
)
"""What to do when Redis gives no slot."""


@attrs.define(slots=False, eq=False)
class LimiterUnavailableError(MeltingSpotError):
    """What keeps the rate limit for many processes, Redis or a file, gave no slot, so that nothing was sent."""

    reason: str
    """Name of the error, without address and credentials."""
    remedy: str = CHECK_REDIS
    """What to do about it."""

    def __str__(self) -> str:
        return f"There is no slot of the shared rate limit ({self.reason}); nothing was sent. {self.remedy}"


@attrs.define(slots=False, eq=False)
class InvalidResponseError(MeltingSpotError):
    """The answer is a success, and not of the documented shape; or a document given to ``from_dict`` is not."""

    path: str = attrs.field(converter=shown_path)
    """Path that was asked for, without the query; empty for a document given to ``from_dict``."""
    field: str
    """Where in the answer, as a JSON path: ``$.completionRate``; ``$`` is the whole body."""
    problem: str
    """What is wrong there, in terms of types only: the answer's own text is never quoted."""

    def __str__(self) -> str:
        if not self.path:
            return (
                f"The document is not as documented at {self.field}: {self.problem}. "
                "Give from_dict what the service or to_dict wrote, and the model it stands for."
            )
        return (
            f"The answer to GET {self.path} is not as documented at {self.field}: {self.problem}. "
            "Check base_url (is there a proxy or a login page between?); "
            "if the service has changed, report the field to the authors of meltingspot_async."
        )


@attrs.define(slots=False, eq=False)
class InvalidItemsError(InvalidResponseError):
    """Items of a list are not as documented. Raised at its end: all others were given.

    ``field`` and ``problem`` are those of the first one.
    """

    count: int
    """How many items."""
    examples: tuple[str, ...]
    """The first of them: where on its page what is wrong, and its id, without values."""

    def __str__(self) -> str:
        shown = "; ".join(self.examples)
        return (
            f"{self.count} items of GET {self.path} are not as documented, and all others were given. The first: "
            f'{shown}. Do without them by on_invalid="skip"; if the service has changed, report the fields to the '
            "authors of meltingspot_async."
        )


@attrs.define(slots=False, eq=False)
class ListChangedError(MeltingSpotError):
    """A list changed each time it was read, in a way that can have kept items from the reading.

    Raised at its end: whatever was received has been given.
    """

    path: str = attrs.field(converter=shown_path)
    """Path of the list, without the query."""
    missing: int
    """Items that were not received, at least; 0 if the service's count does not show any."""

    def __str__(self) -> str:
        return (
            f"The list at GET {self.path} changed while it was read, and again when it was read once more: at least "
            f"{self.missing} items are missing, perhaps others. Read it again when less is changed, or take what "
            'there is by on_changed="ignore".'
        )


@attrs.define(slots=False, eq=False)
class ListsFailedError(MeltingSpotError):
    """Some of several lists could not be read to their end. Raised at the end: the items of all others were given."""

    errors: Mapping[str, MeltingSpotError] = attrs.field(repr=False)
    """The error of each, by the id of what the list belongs to, such as the course."""

    def __str__(self) -> str:
        shown = [
            f"{redacted(list_id, MAX_ID)}: {error}"
            for list_id, error in islice(self.errors.items(), SHOWN_ERRORS)
        ]
        if len(self.errors) > SHOWN_ERRORS:
            shown.append(f"Look at .errors for the other {len(self.errors) - SHOWN_ERRORS}.")
        return (
            f"Lists that could not be read to the end: {len(self.errors)}; all others were. Ask for these again "
            f"when their cause is mended. {' '.join(shown)}"
        )


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}


def api_error_class(status: int) -> type[ApiError]:
    """The class for an unsuccessful HTTP status."""
    return _BY_STATUS.get(status, ServerError if 500 <= status < 600 else ApiError)

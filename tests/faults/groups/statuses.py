"""Every status."""

from __future__ import annotations

from http import HTTPStatus
from itertools import chain, repeat

from meltingspot_async import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
)

from ..fault import VALUE, Fault, Outcome, Pause, Then, final, of_lists, transient

NAMED = {400: BadRequestError, 401: AuthenticationError, 403: PermissionDeniedError, 404: NotFoundError}
TRIED_AGAIN = {408, 425, 500, 502, 503, 504, *range(520, 525), 529, 530}
ADVICE = {
    407: "proxy",
    408: "later",
    414: "split the filter",
    425: "later",
    431: "split the filter",
    511: "login",
}
ASKED_OTHERWISE = {400, 404, 422}
"""Statuses with which a service may refuse the size or the number of a page."""

NOT_WHOLE = final(InvalidResponseError, "its status is")
REDIRECT = final(ApiError, "a redirect, which is never followed")
NOT_THE_SERVICE = final(ApiError, "not the service's answer")
WAITED_FOR = transient(RateLimitError)
"""A 429 is no failure, but a wait: the caller gets its error only when max_throttled is over."""


def _promise(status: int) -> Outcome:
    if status == 429:
        return WAITED_FOR
    error = NAMED.get(status, ServerError if status >= 500 else ApiError)
    says = ADVICE.get(status, "")
    return transient(error, says) if status in TRIED_AGAIN else final(error, says)


def _line(status: int, echo: str = "") -> str:
    """A status with its phrase."""
    return f"{status:03} {HTTPStatus(status).phrase if status in set(HTTPStatus) else 'Unknown'} {echo}"


def _refused(status: int) -> Fault:
    promise = _promise(status)
    return Fault(
        str(status),
        promise,
        lambda right: [right.refusal(_line(status, right.echo))],
        other=of_lists(promise) if status in ASKED_OTHERWISE else {},
    )


def _bare(status: int, outcome: Outcome) -> Fault:
    """A status with nothing in its body, which leads somewhere else."""
    return Fault(
        str(status),
        outcome,
        lambda right: [
            right.answer(_line(status), b"", Location=f"https://127.0.0.1:9/{right.echo}?{right.echo}")
        ],
    )


def _partial(status: int) -> Fault:
    """A success other than 200, with the right body where it can have one."""
    body = b"" if status in {204, 205} else None
    return Fault(str(status), NOT_WHOLE, lambda right: [right.answer(_line(status), body)])


def _informed(*lines: str) -> bytes:
    return b"".join(f"HTTP/1.1 {line}\r\n\r\n".encode() for line in lines)


EARLY_HINTS = "103 Early Hints\r\nLink: </style.css>"

STATUSES = (
    *(_refused(status) for status in range(400, 600)),
    *(_bare(status, REDIRECT) for status in (*range(300, 309), 310, 399)),
    *(_partial(status) for status in (201, 202, 203, 204, 205, 206, 207, 226, 299)),
    *(_bare(status, NOT_THE_SERVICE) for status in (0, 99, 101, 600, 999)),
    Fault("100 before the answer", VALUE, lambda right: [_informed("100 Continue") + right.answer()]),
    Fault(
        "103 twice before the answer",
        VALUE,
        lambda right: [_informed(EARLY_HINTS, EARLY_HINTS) + right.answer()],
    ),
    Fault(
        "100, and then silence",
        transient(RequestTimeoutError),
        lambda _: [_informed("100 Continue"), Then.STALL],
    ),
    Fault(
        "100 without end",
        transient(RequestTimeoutError),
        lambda _: chain.from_iterable(repeat((_informed("100 Continue"), Pause(1.0)))),
    ),
)

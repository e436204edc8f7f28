"""Bodies of unsuccessful answers, from which only a message is taken."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import chain, repeat

from meltingspot_async import NotFoundError, RequestTimeoutError, ServerError, TransportError

from ..fault import Fault, Outcome, Right, Then, final, of_lists, transient
from .bodies import bomb

ABSENT = "404 Not Found"
NOT_FOUND = final(NotFoundError)


def _refusal(
    name: str, spoil: Callable[[bytes], bytes], outcome: Outcome = NOT_FOUND, **headers: str
) -> Fault:
    """A 404 with another body than words in JSON."""

    def answer(right: Right) -> list[bytes]:
        words = right.echo.replace("\\", "\\\\").replace('"', '\\"').encode()
        return [right.answer(ABSENT, spoil(words), **headers)]

    return Fault(f"404 with {name}", outcome, answer, other=of_lists(outcome))


REFUSALS = (
    _refusal("nothing", lambda _: b""),
    _refusal("a page of HTML", lambda words: b"<html><p>No %b</p></html>" % words),
    _refusal("text", lambda words: b"No " + words),
    _refusal("text in Latin-1", lambda words: b"No \xe9 " + words),
    _refusal("a line of many lines", lambda words: b"No\r\n\x1b[31m\x00" + words * 40),
    _refusal("JSON that was cut", lambda words: b'{"message": "No %b' % words),
    _refusal("an array of errors", lambda words: b'{"errors": [{"detail": "No %b"}]}' % words),
    _refusal("an object as its message", lambda words: b'{"message": {"a": {"b": {"title": "%b"}}}}' % words),
    _refusal("a number as its message", lambda _: b'{"message": 7}'),
    _refusal(
        "deep JSON", lambda words: b'{"message":' + b"[" * 9_000 + b'"%b"' % words + b"]" * 9_000 + b"}"
    ),
    _refusal(
        "a compressed body",
        lambda words: gzip.compress(b'{"message": "No %b"}' % words),
        Content_Encoding="gzip",
    ),
    _refusal("64 MiB of blanks, compressed", lambda _: bomb(), Content_Encoding="gzip"),
    Fault(
        "404 with a body without end",
        NOT_FOUND,
        lambda right: chain([right.head(ABSENT, length=10**12)], repeat(b"No " * 9_000)),
        other=of_lists(NOT_FOUND),
    ),
    Fault(
        "404 with a body that is cut",
        transient(TransportError),
        lambda right: [right.refusal(ABSENT)[:-9], Then.FIN],
    ),
    Fault(
        "404 with a body that stalls",
        transient(RequestTimeoutError),
        lambda right: [right.refusal(ABSENT)[:-9], Then.STALL],
    ),
    Fault(
        "503 with a page of HTML",
        transient(ServerError),
        lambda right: [right.answer("503 Service Unavailable", b"<p>" + right.echo.encode())],
    ),
)

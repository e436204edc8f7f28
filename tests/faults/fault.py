"""What a fault is: how a server answers, and what whoever asks it is to get. Pure: nothing here is sent."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import attrs

from meltingspot_async import MeltingSpotError

Way = Literal["get", "list", "get_many", "export", "command"]
WAYS: tuple[Way, ...] = ("get", "list", "get_many", "export", "command")
"""How the client is used."""


class Then(enum.Enum):
    """What a server does to a connection."""

    FIN = enum.auto()
    """Closes it, as one that has said everything."""
    RESET = enum.auto()
    """Breaks it."""
    STALL = enum.auto()
    """Says nothing more, and keeps it open."""


@attrs.frozen
class Pause:
    """A server takes its time."""

    seconds: float


@attrs.frozen
class Drip:
    """A server sends one byte a second."""

    data: bytes


Step = bytes | Then | Pause | Drip
"""A part of an answer: bytes to send, or what happens between them."""


@attrs.frozen
class Right:
    """The right answer to a request, for a fault to spoil."""

    body: bytes
    other: bytes
    """A body that would be right for somebody else's request."""
    echo: str
    """The key and an email, as a service or a proxy may repeat them."""

    def head(self, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
        """The head of an answer, which repeats what it was asked."""
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"X-Request-Id: {self.echo}"]
        lines += [f"Set-Cookie: who={self.echo}", f"X-Echo: {self.echo}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [] if length is None else [f"Content-Length: {length}"]
        return "\r\n".join([*lines, "", ""]).encode()

    def answer(self, status: str = "200 OK", body: bytes | None = None, **headers: str) -> bytes:
        """A whole answer, by default with the right body."""
        body = self.body if body is None else body
        return self.head(status, len(body), **headers) + body

    def refusal(self, status: str, **headers: str) -> bytes:
        """A whole answer with words that repeat the key and the email."""
        return self.answer(status, b'{"message": %s}' % _quoted(f"No {self.echo}"), **headers)


def _quoted(text: str) -> bytes:
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


class Door(enum.Enum):
    """How a service is reached, before a word of HTTP is said."""

    OPEN = "certificate loopback.pem"
    SHUT = "nothing listens"
    NAMELESS = "no address for the name"
    SILENT = "accepts, and says nothing"
    CLOSING = "accepts, and closes"
    RESETTING = "accepts, and resets"
    PLAIN = "speaks HTTP without TLS"
    OTHER_NAME = "certificate certificate.pem"
    EXPIRED = "certificate loopback_expired.pem"
    EARLY = "certificate loopback_early.pem"
    UNKNOWN_CA = "certificate of nobody known"
    MUTUAL = "wants a certificate of the client"


@attrs.frozen
class Outcome:
    """What the caller gets from a service that has a fault."""

    error: type[MeltingSpotError] | None = None
    """The class of the error, exactly; ``None`` for what was asked for."""
    tried_again: bool = False
    """Whether the client tries again, and gives what was asked for when the fault is over."""
    says: str = ""
    """What the error's text holds."""
    is_whole: bool = True
    """Whether what was asked for is all there."""


VALUE = Outcome()
NOTHING = Outcome(is_whole=False)
"""An export that ends: an empty answer looks like its end."""


def final(error: type[MeltingSpotError], says: str = "") -> Outcome:
    """Trying again cannot help."""
    return Outcome(error, says=says)


def transient(error: type[MeltingSpotError], says: str = "") -> Outcome:
    """It may be over a moment later."""
    return Outcome(error, tried_again=True, says=says)


def of_lists(outcome: Outcome) -> dict[Way, Outcome | None]:
    """The same for lists, which ask again after it: for smaller pages, or for a page of another number."""
    return dict.fromkeys(("list", "command"), attrs.evolve(outcome, tried_again=True))


@attrs.frozen
class Fault:
    """Something that goes wrong, and what is promised about it."""

    name: str
    outcome: Outcome
    answer: Callable[[Right], Iterable[Step]] = lambda right: [right.answer()]
    """What the server does once it was asked."""
    door: Door = Door.OPEN
    other: Mapping[Way, Outcome | None] = attrs.field(factory=dict[Way, Outcome | None])
    """Where another outcome is promised, by the way of use; ``None`` where the fault cannot happen."""

    def by(self, way: Way) -> Outcome | None:
        """What is promised to a way of use."""
        return self.other.get(way, self.outcome)

    @property
    def can_end(self) -> bool:
        """Whether the next request may be answered well: what is wrong with the way to the service stays so."""
        return self.door is Door.OPEN

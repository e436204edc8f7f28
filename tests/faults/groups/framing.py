"""HTTP that is not quite HTTP: status lines, headers, lengths, chunks, versions, and what follows an answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

from meltingspot_async import InvalidResponseError, RequestTimeoutError, TransportError

from ..fault import VALUE, Fault, Outcome, Pause, Right, Then, final, transient
from .cuts import chunked

NOT_HTTP = transient(TransportError, "not HTTP")
NO_END = final(TransportError, "longer than 8 kB")


def _instead(name: str, data: bytes, outcome: Outcome = NOT_HTTP) -> Fault:
    """Something else than the answer."""
    return Fault(name, outcome, lambda _: [data, Then.FIN])


def _with(name: str, headers: str, outcome: Outcome = NOT_HTTP) -> Fault:
    """The right answer with more headers."""
    lines = f"HTTP/1.1 200 OK\r\n{headers}\r\n"
    return Fault(name, outcome, lambda right: [_replaced(right.answer(), lines.encode())])


def _replaced(answer: bytes, line: bytes) -> bytes:
    """An answer with another status line."""
    return answer.replace(b"HTTP/1.1 200 OK\r\n", line)


def _version(name: str, version: bytes, outcome: Outcome) -> Fault:
    return Fault(name, outcome, lambda right: [_replaced(right.answer(), version + b" 200 OK\r\n"), Then.FIN])


def _chunk(name: str, spoil: Callable[[bytes], bytes], outcome: Outcome = NOT_HTTP) -> Fault:
    """The right answer in chunks, whose bytes after the head are changed."""

    def answer(right: Right) -> list[bytes]:
        head, end, body = chunked(right).partition(b"\r\n\r\n")
        return [head + end + spoil(body)]

    return Fault(name, outcome, answer)


def _length(name: str, length: Callable[[int], object], outcome: Outcome = NOT_HTTP) -> Fault:
    """The right answer, whose length is said to be another one."""
    return Fault(
        name,
        outcome,
        lambda right: [right.head(Content_Length=str(length(len(right.body)))) + right.body],
    )


FRAMING = (
    _instead("another protocol (SSH)", b"SSH-2.0-OpenSSH_9.6\r\n"),
    _instead("another protocol (HTTP/2)", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    _instead("a body without a head (HTTP/0.9)", b"<html><body>hello</body></html>\r\n\r\n"),
    _instead("a status that is no number", b"HTTP/1.1 OK OK\r\n\r\n"),
    _instead("a status line without a status", b"HTTP/1.1\r\n\r\n"),
    _instead("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n"),
    _instead("random bytes", bytes(range(128, 256)) * 4 + b"\r\n\r\n"),
    _version("HTTP/1.0", b"HTTP/1.0", VALUE),
    Fault("HTTP/1.0 without a length", VALUE, lambda right: [_unsized(right), Then.FIN]),
    Fault(
        "HTTP/1.0 without a length, cut",
        final(InvalidResponseError, "not JSON"),
        lambda right: [_unsized(right)[:-9], Then.FIN],
        other={"export": transient(TransportError, "in the middle of a line")},
    ),
    Fault(
        "HTTP/1.0 without a length, reset",
        final(InvalidResponseError, "not JSON"),
        lambda right: [_unsized(right)[:-9], Pause(1.0), Then.RESET],
        other={"export": transient(TransportError, "in the middle of a line")},
    ),
    Fault("HTTP/1.1 without a length", VALUE, lambda right: [right.head() + right.body, Then.FIN]),
    _with("a header without a colon", "X-Odd\r\n"),
    _with("a header without a name", ": odd\r\n"),
    _with("a header with a zero byte", "X-Odd: a\0b\r\n"),
    _with("a space before the colon", "X-Odd : a\r\n"),
    _with("a header of 9 kB", f"X-Odd: {'x' * 9_000}\r\n", NO_END),
    _with(
        "a hundred headers too many", "".join(f"X-{n}: x\r\n" for n in range(228)), transient(TransportError)
    ),
    Fault(
        "a header without end",
        NO_END,
        lambda right: chain([right.head()[:-2] + b"X-Odd: "], repeat(b"x" * 4096)),
    ),
    Fault(
        "headers without end",
        transient(TransportError),
        lambda right: chain([right.head()[:-2]], repeat(b"X-Odd: x\r\n" * 50)),
    ),
    Fault("a status line without end", NO_END, lambda _: chain([b"HTTP/1.1 200 "], repeat(b"x" * 4096))),
    _length("a length that is negative", lambda size: -size),
    _length("a length that is no number", lambda _: "many"),
    _length("a length that is a fraction", lambda size: f"{size}.0"),
    _length("a length in hexadecimal", hex),
    _length("a length with a sign", lambda size: f"+{size}"),
    _length("a length of a hundred digits", lambda _: "9" * 100),
    _length("two lengths", lambda size: f"{size}\r\nContent-Length: {size + 1}"),
    _length("a length and chunks", lambda size: f"{size}\r\nTransfer-Encoding: chunked"),
    _length("a length that is too long", lambda size: size + 9, transient(RequestTimeoutError)),
    _length("a length that is too short", lambda size: size // 2),
    _chunk("a chunk whose size is no number", lambda body: b"many" + body),
    _chunk("a chunk whose size is negative", lambda body: b"-" + body),
    _chunk("a chunk whose size has a hundred digits", lambda body: b"f" * 100 + body),
    _chunk("a chunk without a size", lambda body: b"\r\n" + body),
    _chunk("a chunk shorter than its size", lambda body: body.replace(b"\r\n", b"", 1)),
    _chunk("a chunk with an extension", lambda body: body.replace(b"\r\n", b";a=b\r\n", 1), VALUE),
    _chunk("a trailer behind the chunks", lambda body: body[:-2] + b"X-Odd: x\r\n\r\n", VALUE),
    Fault(
        "an unknown transfer encoding, and the right body",
        VALUE,
        lambda right: [right.head(Transfer_Encoding="odd") + right.body, Then.FIN],
    ),
    Fault("something behind the answer", NOT_HTTP, lambda right: [right.answer() + b"garbage\r\n\r\n"]),
    Fault("a page behind the answer", NOT_HTTP, lambda right: [right.answer() + b"<html></html>"]),
    Fault("something behind the last chunk", NOT_HTTP, lambda right: [chunked(right) + b"garbage"]),
    Fault(
        "something behind the answer, later",
        VALUE,
        lambda right: [right.answer(), Pause(0.05), b"garbage\r\n\r\n"],
    ),
    Fault(
        "bytes without end behind the answer",
        VALUE,
        lambda right: chain([right.answer()], repeat(b"x" * 4096)),
    ),
)


def _unsized(right: Right) -> bytes:
    return _replaced(right.head(), b"HTTP/1.0 200 OK\r\n") + right.body

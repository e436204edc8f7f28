"""Answers that break off, stall or drip, at every place."""

from __future__ import annotations

from collections.abc import Callable

from meltingspot_async import RequestTimeoutError, TransportError

from ..fault import VALUE, Drip, Fault, Right, Step, Then, transient


def chunked(right: Right, *sizes: int) -> bytes:
    """The right answer in chunks: two by default, and the end."""
    half = len(right.body) // 2
    pieces = (right.body[:half], right.body[half:])
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return right.head(Transfer_Encoding="chunked") + body + b"0\r\n\r\n"


def _until(mark: bytes, more: int = 0) -> Callable[[bytes], int]:
    return lambda answer: answer.index(mark) + len(mark) + more


Whole = Callable[[Right], bytes]
PLACES: dict[str, tuple[Whole, Callable[[bytes], int]]] = {
    "before the answer": (Right.answer, lambda _: 0),
    "in the status line": (Right.answer, lambda _: 9),
    "in a header": (Right.answer, _until(b"Content-Ty")),
    "between headers": (Right.answer, _until(b"application/json\r\n")),
    "before the end of the headers": (Right.answer, _until(b"\r\n\r\n", -2)),
    "after the headers": (Right.answer, _until(b"\r\n\r\n")),
    "in the body": (Right.answer, lambda answer: len(answer) - 30),
    "before the last byte": (Right.answer, lambda answer: len(answer) - 1),
    "in the size of a chunk": (chunked, _until(b"\r\n\r\n", 1)),
    "in a chunk": (chunked, _until(b"\r\n\r\n", 10)),
    "before the last chunk": (chunked, lambda answer: len(answer) - 5),
    "in the last chunk": (chunked, lambda answer: len(answer) - 2),
}
"""A whole answer, and how much of it arrives. An empty body, that of the end of an export, is cut where it can be."""

HOW = {
    Then.FIN: ("closed", TransportError),
    Then.RESET: ("reset", TransportError),
    Then.STALL: ("silent", RequestTimeoutError),
}


def _cut(whole: Whole, place: Callable[[bytes], int], then: Then) -> Callable[[Right], list[Step]]:
    def answer(right: Right) -> list[Step]:
        complete = whole(right)
        return [complete[: place(complete)], then]

    return answer


CUTS = (
    *(
        Fault(f"{how} {where}", transient(error), _cut(*at, then))
        for where, at in PLACES.items()
        for then, (how, error) in HOW.items()
    ),
    *(
        Fault(f"{HOW[then][0]} after the answer", VALUE, _cut(Right.answer, len, then))
        for then in (Then.FIN, Then.RESET)
    ),
    Fault("an answer that drips", transient(RequestTimeoutError), lambda right: [Drip(right.answer())]),
    Fault(
        "a body that drips",
        transient(RequestTimeoutError),
        lambda right: [right.head(length=40), Drip(right.body + b" " * 40)],
    ),
    Fault("chunks that drip", transient(RequestTimeoutError), lambda right: [Drip(chunked(right))]),
    Fault("a right answer in chunks", VALUE, lambda right: [chunked(right)]),
)

"""Answers that belong to another request, or come twice."""

from __future__ import annotations

from meltingspot_async import InvalidResponseError

from ..fault import VALUE, Fault, Pause, Way, transient

NO_ID: dict[Way, None] = {"list": None, "export": None, "command": None}
"""Only the answer to a request for an item has an id that was asked for."""

WRONG = transient(InvalidResponseError, "$.id")

MIXED_UP = (
    Fault("an answer that comes twice", VALUE, lambda right: [right.answer() * 2]),
    Fault(
        "an answer that comes again later", VALUE, lambda right: [right.answer(), Pause(0.05), right.answer()]
    ),
    Fault("another item's answer", WRONG, lambda right: [right.answer(body=right.other)], other=NO_ID),
    Fault(
        "another item's answer, and then the right one",
        WRONG,
        lambda right: [right.answer(body=right.other) + right.answer()],
        other=NO_ID,
    ),
    Fault("an answer without an id", WRONG, lambda right: [right.answer(body=b'{"total": 0}')], other=NO_ID),
)

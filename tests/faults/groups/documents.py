"""JSON that is none, and JSON of other shapes than documented."""

from __future__ import annotations

import json
from collections.abc import Callable

from meltingspot_async import InvalidItemsError, InvalidResponseError

from ..fault import VALUE, Fault, Outcome, Way, final
from .bodies import NOT_JSON, body
from .mixed_up import WRONG

INVALID = final(InvalidResponseError, "not as documented")
ODD_ITEMS = final(InvalidItemsError, "not as documented")
"""What a list ends with, once it gave all its other items."""
BY_ID: dict[Way, Outcome | None] = {"get": WRONG, "get_many": WRONG}
PAGES: dict[Way, Outcome | None] = {"get": None, "get_many": None, "export": None}
"""For faults that only the page of a list can have."""


def _document(name: str, text: bytes, outcome: Outcome = INVALID) -> Fault:
    """Another document than the right one."""
    return body(name, outcome, lambda _: text + b"\n")


def _items(name: str, change: Callable[[dict[str, object]], object]) -> Fault:
    """The right answer with another item in every place: alone, in a page, on a line."""

    def changed(line: bytes) -> bytes:
        document = json.loads(line)
        if "items" in document:
            return json.dumps({**document, "items": [change(item) for item in document["items"]]}).encode()
        return json.dumps(change(document)).encode()

    def spoil(right: bytes) -> bytes:
        return b"\n".join(changed(line) if line.strip() else line for line in right.split(b"\n"))

    return Fault(
        name,
        INVALID,
        lambda right: [right.answer(body=spoil(right.body))],
        other={"list": ODD_ITEMS, "command": ODD_ITEMS},
    )


def _field(name: str, value: bytes, outcome: Outcome = NOT_JSON, *, of_items: bool = False) -> Fault:
    """One more field in every item, spelt in just this way."""
    return Fault(
        name,
        outcome,
        lambda right: [right.answer(body=right.body.replace(b'"id":', b'"more": ' + value + b', "id":'))],
        other={"list": ODD_ITEMS, "command": ODD_ITEMS} if of_items else {},
    )


def _page(name: str, page: object, outcome: Outcome = INVALID) -> Fault:
    return Fault(name, outcome, lambda right: [right.answer(body=json.dumps(page).encode())], other=PAGES)


def _in_arrays(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


DOCUMENTS = (
    _document("`null`", b"null"),
    _document("a number", b"3"),
    _document("a text", b'"text"'),
    _document("an empty array", b"[]"),
    _document(
        "100,000 arrays within each other",
        _in_arrays(100_000),
        final(InvalidResponseError, "within each other"),
    ),
    _document("100,000 arrays that are never closed", b"[" * 100_000, final(InvalidResponseError)),
    Fault("an empty object", INVALID, lambda right: [right.answer(body=b"{}\n")], other=BY_ID),
    _items("an item of a wrong type", lambda _: [1, 2]),
    _items("an item that is `null`", lambda _: None),
    _items("an id that is a number", lambda item: {**item, "id": 7, "type": 7}),
    _items("a missing field", lambda item: {key: item[key] for key in item if key not in {"status", "type"}}),
    _items("a field of a wrong type", lambda item: {**item, "completionRate": "33", "type": {"a": [1]}}),
    _items("a field that is `null`", lambda item: {**item, "status": None, "type": None}),
    _items("a field that is a fraction", lambda item: {**item, "completionRate": 33.5, "type": 33.5}),
    _field("`NaN`", b"NaN"),
    _field("`-Infinity`", b"-Infinity"),
    _field("a number beyond any float", b"1e999"),
    _field("a number of 5,000 digits", b"9" * 5_000),
    _field("a number of 400 digits", b"9" * 400, INVALID, of_items=True),
    _field("a number of 20 digits", b"9" * 20, VALUE),
    _field("a number with a zero before it", b"01"),
    _field("half a surrogate pair, escaped", b'"\\ud83d"', VALUE),
    _field("half a surrogate pair, as bytes", b'"\xed\xa0\xbd"', VALUE),
    _field("text in Latin-1", b'"\xe9"'),
    _field("an overlong encoding of a character", b'"\xc0\xaf"'),
    _field("a zero byte", b'"\0"'),
    _field("an unknown escape", b'"\\q"'),
    _field("a comment", b"1 /* one */"),
    _field("a comma too many", b"[1,]"),
    _field("a name twice", b'1, "more": 2', VALUE),
    _field("65 arrays within each other", _in_arrays(65), INVALID, of_items=True),
    _field("201 arrays within each other", _in_arrays(201), final(InvalidResponseError, "within each other")),
    _field("an array of 100,000 numbers", b"[" + b"0," * 99_999 + b"0]", VALUE),
    _field("a name of 100,000 characters", b'1, "' + b"x" * 100_000 + b'": 1', VALUE),
    _page("a page without items", {"total": 3}),
    _page("a page whose items are an object", {"items": {}, "total": 0}),
    _page("a page without a total", {"items": []}),
    _page("a page whose total is a text", {"items": [], "total": "3"}),
    _page("a page of 101 odd items", {"items": [0] * 101, "total": 101}),
    _page("a page of 100,000 odd items", {"items": [0] * 100_000, "total": 100_000}),
)

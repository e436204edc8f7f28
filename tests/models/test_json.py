"""JSON is read and written the same way with the extra ``speed`` and without it."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import CourseParticipant, InvalidResponseError, UsageError, from_dict, to_dict, to_json
from meltingspot_async.models import _converter, _json

from ..support.documents import DOCUMENTED, PATH, json_values, participant

ODD_BODIES: list[tuple[bytes, object]] = [
    (b'"Zo\\ud83d"', "Zo\ud83d"),
    (b'"\xed\xa0\xbd"', "\ud83d"),
    (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
    (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    (b'{"a": 1, "a": 2}', {"a": 2}),
    (b"18446744073709551615", 2**64 - 1),
    (b"18446744073709551616", 2**64),
    (b"-9223372036854775809", -(2**63) - 1),
    (b"[1234567890123456789012345678901234567890]", [1234567890123456789012345678901234567890]),
    (b"1" * 400, int("1" * 400)),
    (b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200)),
    *(
        (body, "it has more than 200 arrays and objects within each other")
        for body in (b"[" * 201 + b"]" * 201, b"[" * 1_000 + b"]" * 1_000, b"[" * 100_000, b'{"a":' * 100_000)
    ),
    (b"-0", 0),
    (b"33.0", 33.0),
    (b"0.1e-999", 0.0),
    (b'" 2026-01-05T09:00:00.1234567890123456789Z"', " 2026-01-05T09:00:00.1234567890123456789Z"),
    (b' \t\r\n"\\u0000" \n', "\0"),
    (b"", "it is empty"),
    (b" \n", "it is empty"),
    *(
        (body, "it is not JSON")
        for body in (
            b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"1e999", b"-1e999", b"1" * 5_000, b"01", b"1.", b".5", b"+1",
            b"0x1", b"{} x", b"[1,]", b"{'a': 1}", b'"\t"', b'"\\x41"', b"\xef\xbb\xbf\xef\xbb\xbf1", b"\xff",
            b'"\xc0\x80"',
            '{"a": "é"}'.encode("latin-1"), '"a"'.encode("utf-16"), '"a"'.encode("utf-16-le"), '"a"'.encode("utf-32"),
            b"\x00", b"<html>", b"\xc2\xa01",
        )
    ),
]  # fmt: skip
"""Bodies, and what is read of each: its value, or why it is refused."""


def module(orjson: ModuleType | None) -> ModuleType:
    """The module that reads JSON, as it is when it is imported with that orjson, or without one."""
    spec = importlib.util.find_spec(_json.__name__)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "orjson", orjson)
        spec.loader.exec_module(fresh)
    return fresh


def reading(module: ModuleType, body: bytes) -> object:
    """What is read of a body: its value, or why it is refused."""
    try:
        return module.read(body)
    except module.NotJsonError as error:
        return str(error) if error.__context__ is None else "it keeps what was refused"


BUILT_FOR_ANOTHER_MACHINE = SimpleNamespace()
READERS = {
    "json": module(None),
    "orjson": module(pytest.importorskip("orjson")),
    "broken orjson": module(BUILT_FOR_ANOTHER_MACHINE),  # type: ignore[arg-type] # has no loads
}
both_ways = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@both_ways
def test_odd_body_is_read_alike_with_and_without_speed(reader: ModuleType) -> None:
    """What is accepted, and what it becomes, does not depend on whether orjson is installed or works."""
    for body, expected in ODD_BODIES:
        found = reading(reader, body)
        assert (body, type(found), found) == (body, type(expected), expected)


@given(st.builds(json.dumps, json_values).map(str.encode) | st.binary() | st.text().map(str.encode))
def test_any_body_is_read_alike_with_and_without_speed(body: bytes) -> None:
    """Any body at all is read alike by all readers."""
    found = {name: repr(reading(reader, body)) for name, reader in READERS.items()}
    assert len(set(found.values())) == 1


@both_ways
@pytest.mark.parametrize("name", ["Zo\ud83d", "\N{GRINNING FACE}"])
def test_participant_with_half_an_emoji_is_a_participant(
    reader: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was cut in the middle of an emoji is kept as it is, and written back so that it can be encoded."""
    monkeypatch.setattr(_json, "read", reader.read)
    found = participant(spotMemberFirstname=name)
    assert found.spot_member_firstname == name
    assert json.loads(to_json(found).encode()) == to_dict(found)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_json_is_not_written(number: float) -> None:
    """NaN and infinities, which only a program can put into a model, are refused when it is written."""
    model = from_dict(CourseParticipant, {**DOCUMENTED, "share": number})
    with pytest.raises(UsageError, match="JSON cannot hold"):
        to_json(model)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (10**400, "expected a number of at most 300 digits, got a longer one"),
        ([-(10**400)], "expected a number of at most 300 digits, got a longer one"),
    ],
)
@pytest.mark.parametrize("field", ["completionRate", "unknownField"])
def test_numbers_are_bounded(field: str, value: object, problem: str) -> None:
    """A number of hundreds of digits, which no float can hold, is refused wherever it stands."""
    body = json.dumps(DOCUMENTED | {field: value}).encode()
    with pytest.raises(InvalidResponseError) as refused:
        _converter.structure(body, CourseParticipant, PATH)
    assert refused.value.problem in {problem, "expected a whole number, got an array"}


def nested(depth: int) -> object:
    """Arrays and objects within each other."""
    value: object = 1
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value


def test_depth_is_bounded() -> None:
    """An unknown field may hold 64 arrays and objects within each other, and such a model can be used; no more."""
    found = participant(unknownField=nested(64))
    assert json.loads(to_json(found))["unknownField"] == nested(64)
    for depth in (65, 150):
        with pytest.raises(InvalidResponseError, match="not as documented") as refused:
            participant(unknownField=nested(depth))
        assert refused.value.problem == "expected at most 64 arrays and objects within each other, got more"

"""Lines out of pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import InvalidResponseError, TransportError
from meltingspot_async._http.json_lines import MAX_LINE_BYTES, JsonLines

LONG = b"x" * (MAX_LINE_BYTES + 1)
documents = st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=3)


@given(
    documents=st.lists(documents),
    cuts=st.lists(st.integers(1, 9)),
    ended=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_any_cut_gives_the_same_lines(
    documents: list[object], cuts: list[int], ended: bool, end: str
) -> None:
    """However an answer is cut into pieces, its lines are given whole and in order, the last one ended or not."""
    text = end.join(map(json.dumps, documents)) + (end if ended else "")
    rest, lines, found = text.encode(), JsonLines("/"), list[bytes]()
    for cut in cuts:
        found += lines.feed(rest[:cut])
        rest = rest[cut:]
    found += lines.feed(rest)
    found += lines.end()
    assert [json.loads(line) for line in found] == documents


@given(documents, st.data())
def test_part_of_a_line_is_not_given(document: object, data: st.DataObject) -> None:
    """An answer that ends in the middle of a line was cut, and tells nothing of what stood in it."""
    whole = json.dumps(document).encode()
    lines = JsonLines("/x")
    assert not lines.feed(b"{}\n" + whole[: data.draw(st.integers(1, len(whole) - 1))])[1:]
    with pytest.raises(TransportError, match="ended in the middle of a line") as cut:
        lines.end()
    assert (cut.value.path, cut.value.__context__) == ("/x", None)


@pytest.mark.parametrize(
    "piece",
    [b"x" * (MAX_LINE_BYTES + 1), b"x" * (MAX_LINE_BYTES + 1) + b"\n", b"{}\n" + b"x" * (MAX_LINE_BYTES + 1)],
)
def test_line_length_is_capped(piece: bytes) -> None:
    """A line longer than 1 MiB is refused, ended or not; one of just that length is taken."""
    assert JsonLines("/").feed(b"x" * MAX_LINE_BYTES + b"\n") == [b"x" * MAX_LINE_BYTES]
    with pytest.raises(InvalidResponseError, match="longer than 1048576 bytes") as refused:
        JsonLines("/").feed(piece)
    assert (refused.value.path, refused.value.field) == ("/", "$")


def test_no_depth_of_a_line_that_was_cut_escapes_the_error() -> None:
    """A cut line of brackets without end is a cut line like any other."""
    lines = JsonLines("/")
    lines.feed(b"[" * 100_000)
    with pytest.raises(TransportError, match="in the middle of a line"):
        lines.end()

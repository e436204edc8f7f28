"""Random histories of a file of records: written, cut, damaged and resumed, beside the lines that were written."""

from __future__ import annotations

import os
from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from meltingspot_async import UsageError
from meltingspot_async._cli.files.record_file import Format

from ...support.record_files import HEADER, as_read, both_formats, opened, read, record, temporary_path
from ...support.thorough import thorough, try_histories

pytestmark = thorough

NAMES = ["Ann", 'a "b", c', "two\nlines", '"\n', "", "=1", "\N{SNOWMAN}\r"]


class Export(RuleBasedStateMachine):
    """One file, and the records that an export would write to it."""

    def __init__(self, kind: Format) -> None:
        super().__init__()
        self.kind = kind
        self.open = ExitStack()
        self.path = self.open.enter_context(temporary_path())
        self.wanted: list[dict[str, object]] = []
        self.is_damaged = False
        self.resume()

    def teardown(self) -> None:
        self.open.close()

    @rule()
    def resume(self) -> None:
        """Resumed, the file is as if nothing had happened, or was damaged and is left as it is."""
        before = self.path.read_bytes() if self.path.exists() else b""
        try:
            with opened(self.path, self.kind) as file:
                kept = self.path.read_bytes()
                header = HEADER if self.kind is Format.CSV else b""
                assert before.startswith(kept) or kept == header
                file.append(self.wanted)
        except UsageError:
            assert self.is_damaged
            assert self.path.read_bytes() == before
            return
        written = read(self.path, self.kind)
        whole = [as_read(one, self.kind) for one in self.wanted]
        if self.is_damaged:  # a text may have become another text, and of a key another record: none is lost
            assert sum(one in written for one in whole) >= len(whole) - 1
            assert {str(one["id"]) for one in whole} <= {str(one["id"]) for one in written}
        else:
            assert written == whole

    @rule(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
    def write(self, names: list[str]) -> None:
        """The export goes on."""
        number = len(self.wanted)
        self.wanted += [record(number + place, name) for place, name in enumerate(names)]
        self.resume()

    @rule(share=st.floats(0, 1))
    def cut(self, share: float) -> None:
        """The machine stops at any byte."""
        os.truncate(self.path, int(share * self.path.stat().st_size))

    @rule(data=st.data())
    def flip(self, data: st.DataObject) -> None:
        """A byte becomes another one, once in a history."""
        whole = bytearray(self.path.read_bytes())
        if self.is_damaged or not whole:
            return
        self.is_damaged = True
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        self.path.write_bytes(whole)


@both_formats
def test_resumed_file_is_whole_or_refused(kind: Format) -> None:
    """Cut at any byte, a resumed file ends up whole; with a damaged byte it is left alone, or loses nothing."""
    try_histories(lambda: Export(kind), 40, 1_000, steps=12)

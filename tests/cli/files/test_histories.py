"""Random histories of the files of exports: written, cut, damaged and resumed, beside what was to be written."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from meltingspot_async import UsageError
from meltingspot_async._cli.files.activity_file import ActivityFile
from meltingspot_async._cli.files.record_file import Format
from meltingspot_async.testing import make_activity

from ...support.record_files import HEADER, as_read, both_formats, opened, read, record, temporary_path
from ...support.thorough import thorough, try_histories

pytestmark = thorough

NAMES = ["Ann", 'a "b", c', "two\nlines", '"\n', "", "=1", "\N{SNOWMAN}\r"]


class Damaged(RuleBasedStateMachine):
    """A file that is cut anywhere, as often as one likes, and in which one byte flips."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.path = self.open.enter_context(temporary_path())
        self.path.touch()
        self.is_damaged = False

    def teardown(self) -> None:
        self.open.close()

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


class Export(Damaged):
    """One file, and the records that an export would write to it."""

    def __init__(self, kind: Format) -> None:
        super().__init__()
        self.kind = kind
        self.wanted: list[dict[str, object]] = []
        self.resume()

    @rule()
    def resume(self) -> None:
        """Resumed, the file is as if nothing had happened, or was damaged and is left as it is."""
        before = self.path.read_bytes()
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


class ActivityExport(Damaged):
    """One file, and the events that go on happening, of which the service repeats the last ones."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []

    @rule(count=st.integers(1, 4), repeats=st.integers(0, 6))
    def resume(self, count: int, repeats: int) -> None:
        """Resumed, the file has each event once and in order; or it was damaged, and lost no whole line."""
        self.events += [str(uuid.uuid5(uuid.NAMESPACE_OID, str(len(self.events) + n))) for n in range(count)]
        before = self.path.read_bytes()
        try:
            with ActivityFile(self.path, resume=True) as file:
                assert before.startswith(self.path.read_bytes())
                self.export(file, repeats)
        except UsageError:
            assert self.is_damaged
            assert self.path.read_bytes() == before
            return
        lines = self.path.read_bytes().splitlines()
        assert len(file) == len(lines) or self.is_damaged  # a carriage return is no line end
        if not self.is_damaged:
            assert [json.loads(line)["id"] for line in lines] == self.events
        elif file.last_id is None or file.last_id in self.events:  # one line is damaged, or two are one
            assert (
                sum(event.encode() in self.path.read_bytes() for event in self.events) >= len(self.events) - 2
            )

    def export(self, file: ActivityFile, repeats: int) -> None:
        """What follows the last event. The service knows no event whose id is damaged, and answers with nothing."""
        if file.last_id is None or file.last_id in self.events:
            begin = 0 if file.last_id is None else self.events.index(file.last_id) + 1
            for event in self.events[max(0, begin - repeats) :]:
                file.append(make_activity(extra={"id": event}))


@both_formats
def test_resumed_file_is_whole_or_refused(kind: Format) -> None:
    """Cut at any byte, a resumed file ends up whole; with a damaged byte it is left alone, or loses nothing."""
    try_histories(lambda: Export(kind), 20, 1_000, steps=12)


def test_resumed_activities_are_whole_or_refused() -> None:
    """Cut at any byte, resumed activities are each there once; with a damaged byte they are left alone, or kept."""
    try_histories(ActivityExport, 20, 1_000, steps=12)

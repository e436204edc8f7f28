"""The limiter's own time: never faster than the real one, whatever becomes of the clocks and of the machine."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import QuotaExhaustedError, RateLimit
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter, _clock
from meltingspot_async.sqlite_limit._clock import (
    SYNCHRONISED_TO,
    Reading,
    SeveralMachinesError,
    Time,
    read_clocks,
)
from meltingspot_async.sqlite_limit._file import LimitFile

from ..support.limit_file import InlineStore
from ..support.limiters import fill, use

SECOND = 1_000_000
HOUR = 3_600 * SECOND


@attrs.define
class Machine:
    """A machine whose clocks a test sets. Its wall clock is right as long as it is synchronised."""

    real: int = 0
    booted_at: int = -HOUR
    boot: int = 1
    is_synchronised: bool = True
    error: int = 0
    """How far the wall clock is ahead."""

    def read(self) -> Reading:
        wall = self.real + self.error if self.is_synchronised else None
        return Reading(str(self.boot), self.real - self.booted_at, wall)

    def run(self, passing: int) -> None:
        self.real += passing

    def reboot(self, off: int) -> None:
        self.real += off
        self.boot, self.booted_at = self.boot + 1, self.real


durations = st.integers(0, 30 * HOUR)
happenings = st.one_of(
    st.tuples(st.just("run"), durations),
    st.tuples(st.just("reboot"), durations),
    st.tuples(st.just("synchronise"), st.integers(-SYNCHRONISED_TO, SYNCHRONISED_TO)),
    st.tuples(st.just("lose the wall clock"), st.just(0)),
)


@given(st.lists(happenings, max_size=30))
def test_time_never_passes_faster_than_it_does(history: list[tuple[str, int]]) -> None:
    """Over boots, times off and errors of the wall clock as large as a synchronised one has, no time is invented."""
    machine = Machine()
    known = Time.begin(machine.read())
    for happening, amount in history:
        match happening:
            case "run":
                machine.run(amount)
            case "reboot":
                machine.reboot(amount)
            case "synchronise":
                machine.is_synchronised, machine.error = True, amount
            case _:
                machine.is_synchronised = False
        before = known
        known = known.at(machine.read())
        assert before.now <= known.now <= machine.real


def test_time_within_a_boot_is_exact() -> None:
    """Within a boot, the time that passes is that of the clock that nobody sets, to the microsecond."""
    machine = Machine()
    known = Time.begin(machine.read())
    machine.run(12_345_678)
    machine.error = 9 * HOUR
    assert known.at(machine.read()).now == 12_345_678


def test_new_boot_counts_for_what_it_lasts() -> None:
    """After a reboot, what the machine has been up for has passed, also without a wall clock."""
    machine = Machine(is_synchronised=False)
    known = Time.begin(machine.read())
    machine.reboot(8 * HOUR)
    machine.run(90 * SECOND)
    assert known.at(machine.read()).now == 90 * SECOND


def test_time_off_counts_as_soon_as_the_wall_clock_is_synchronised() -> None:
    """The hours that a machine was off count once its clock is right again, but for the clock's greatest error."""
    machine = Machine()
    known = Time.begin(machine.read())
    machine.reboot(8 * HOUR)
    machine.is_synchronised = False
    machine.run(SECOND)
    known = known.at(machine.read())
    assert known.now == SECOND
    machine.is_synchronised = True
    machine.run(SECOND)
    assert known.at(machine.read()).now == 8 * HOUR + 2 * SECOND - 2 * SYNCHRONISED_TO


def test_boots_without_names_are_told_apart_by_their_length() -> None:
    """Where nothing identifies a boot, a clock that reads less than before is that of a new one."""
    known = Time.begin(Reading("", 100 * SECOND, None)).at(Reading("", 130 * SECOND, None))
    assert known.now == 30 * SECOND
    assert known.at(Reading("", 20 * SECOND, None)).now == 50 * SECOND


def test_clock_that_stood_still_was_not_rebooted() -> None:
    """Where nothing identifies a boot, a clock that reads the same as before is that of the same one."""
    known = Time.begin(Reading("", 100 * SECOND, None))
    assert known.at(Reading("", 100 * SECOND, None)) == Time(0, ("",), 100 * SECOND, None)


def test_clock_that_reads_less_within_a_boot_stands_still() -> None:
    """A step that read the clock before another one, and comes after it, moves nothing back."""
    known = Time.begin(Reading("a", 100 * SECOND, None)).at(Reading("a", 130 * SECOND, None))
    assert known.at(Reading("a", 129 * SECOND, None)) == known


def test_ten_boots_are_remembered() -> None:
    """The last ten boots are known, so that another machine's is noticed, and the file does not grow."""
    machine = Machine(is_synchronised=False)
    known = Time.begin(machine.read())
    for _ in range(14):
        machine.reboot(HOUR)
        known = known.at(machine.read())
    assert known.boots == tuple(str(number) for number in range(6, 16))
    with pytest.raises(SeveralMachinesError):
        known.at(Reading("6", 0, None))


def test_wall_clock_never_counts_for_more_than_it_is_wrong() -> None:
    """After a reboot the wall clock counts, but for twice 16 s, as far as one can be wrong that is synchronised."""
    known = Time.begin(Reading("a", 0, 1_000 * SECOND))
    assert known.at(Reading("b", 0, 1_100 * SECOND)).now == 68 * SECOND
    assert known.at(Reading("b", 5 * SECOND, 1_020 * SECOND)).now == 5 * SECOND
    assert known.at(Reading("a", 7 * SECOND, 9_000 * SECOND)).now == 7 * SECOND


def test_answer_of_the_kernel_that_cannot_be_known_is_no() -> None:
    """The kernel's state 5 is TIME_ERROR, and -1 no answer; each other one is that of a synchronised clock."""
    for answer, is_believed in ((-1, False), (0, True), (4, True), (5, False), (6, True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_clock, "_clock_state", lambda answer=answer: lambda: answer)
            assert _clock._is_synchronised() is is_believed


async def use_and_reboot(path: Path, machine: Machine, off: int) -> SqliteSlidingWindowLimiter:
    """Use up a day of three requests, and reboot; returns a limiter of the new boot."""
    limits = [RateLimit(3, per=DAY)]
    limiter = SqliteSlidingWindowLimiter(path, limits, key="k")
    limiter._store = InlineStore(LimitFile(path, "k", limiter._rules, machine.read))
    await fill(limiter, 3)
    await limiter.aclose()
    machine.reboot(off)
    return limiter


@pytest.mark.parametrize("set_by", [-(10**6) * HOUR, 0, 10**6 * HOUR])
async def test_wall_clock_that_is_set_over_a_reboot_opens_nothing(limit_path: Path, set_by: int) -> None:
    """A day that is used up stays so after a reboot with a clock that was set, and is over after a day of running."""
    machine = Machine()
    limiter = await use_and_reboot(limit_path, machine, HOUR)
    machine.error, machine.is_synchronised = set_by, False  # the kernel knows that it was set
    machine.run(22 * HOUR)
    with pytest.raises(QuotaExhaustedError) as refused:
        await use(limiter)
    assert refused.value.retry_after == pytest.approx(2 * 3_600.0, abs=100.0)
    machine.run(2 * HOUR + 100 * SECOND)
    await use(limiter)
    await limiter.aclose()


async def test_night_that_the_machine_was_off_counts_for_the_day(limit_path: Path) -> None:
    """Of a day that was used up, the hours count for which the machine was off, by its synchronised clock."""
    machine = Machine()
    limiter = await use_and_reboot(limit_path, machine, 23 * HOUR)
    with pytest.raises(QuotaExhaustedError):
        await use(limiter)
    machine.run(HOUR + 200 * SECOND)
    await use(limiter)
    await limiter.aclose()


def test_clocks_of_this_machine_go_on() -> None:
    """The clock since the boot moves and is the same for all processes; the boot has the same name each time."""
    first, second = read_clocks(), read_clocks()
    assert first.boot == second.boot
    assert 0 < first.since_boot <= second.since_boot
    assert second.since_boot - first.since_boot < 60 * SECOND


@pytest.mark.parametrize("answer", [-1, 0, 5])
def test_wall_clock_is_read_where_the_kernel_vouches_for_it(
    monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    """Only a clock that the kernel calls synchronised is believed."""
    monkeypatch.setattr(_clock, "_clock_state", lambda: lambda: answer)
    wall = read_clocks().wall
    assert (wall is not None) == (answer == 0)
    assert wall is None or abs(wall / 1e6 - time.time()) < 60.0


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_kernel_is_asked_about_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux adjtimex(2) is asked, with zeros, which change nothing; a libc without it knows nothing."""
    given: list[bytes] = []

    class Libc:
        def adjtimex(self, timex: ctypes.Array[ctypes.c_char]) -> int:
            given.append(timex.raw)
            return 3

    for libc, answer in ((Libc(), 3), (object(), -1)):
        monkeypatch.setattr(ctypes, "CDLL", Mock(return_value=libc))
        assert _clock._clock_state.__wrapped__()() == answer
    assert not any(given[0])
    assert len(given[0]) >= 208


def test_python_without_ctypes_knows_nothing_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ctypes was not built, the kernel is not asked."""
    monkeypatch.setattr(_clock, "find_spec", _nothing)
    monkeypatch.setattr(ctypes, "CDLL", Mock(side_effect=ImportError))
    assert _clock._clock_state.__wrapped__()() == -1


@pytest.mark.parametrize("platform", ["win32", "darwin", "freebsd14"])
def test_other_systems_have_a_clock_since_the_boot(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Where there are no /proc, no ctypes and no CLOCK_BOOTTIME, the monotonic clock is read, and no wall clock."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(importlib.util, "find_spec", _nothing)
    monkeypatch.setattr(Path, "read_text", _no_such_file)
    spec = importlib.util.spec_from_file_location("elsewhere", _clock.__file__)
    assert spec is not None
    assert spec.loader is not None
    elsewhere = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "elsewhere", elsewhere)
    spec.loader.exec_module(elsewhere)
    reading = elsewhere.read_clocks()
    assert (reading.boot, reading.wall) == ("", None)
    assert reading.since_boot > 0


def _nothing(_: object) -> None:
    """No such module."""


def _no_such_file(*_: object) -> str:
    raise FileNotFoundError

"""How much time has passed at least, over processes and reboots, whatever becomes of the wall clock.

A slot that comes free too early breaks the limit; one that comes free too late costs a wait. So the limiter's own time
never goes faster than the real one, and goes as fast as can be proved:

* **Within a boot** by the clock that counts since the machine was started, sleep included, which nobody can set.
* **Over a reboot** by that clock, too: when a boot is new, at least what it has counted has passed since the last
  step, which was before it. The time for which the machine was off is left out, so that any window shorter than a
  reboot is over when it should be, and the day's count goes on.
* **For the time off** by the wall clock, on Linux, and only where the kernel calls it synchronised, both at a step of
  an earlier boot and now. The kernel does so while a time service keeps it right to 16 s, and ceases to when somebody
  sets the clock by hand. Twice those seconds are taken off. So a clock that was set forward opens nothing; one that
  was set back, or that nobody keeps, closes nothing for longer than a window of the machine's running time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import attrs

SYNCHRONISED_TO = 16_000_000
"""Microseconds; the kernel ceases to call a clock synchronised when its greatest error exceeds this (NTP_PHASE_LIMIT of
Linux's ``timex.h``)."""

MAX_BOOTS = 10
"""Boots that are remembered."""

_NOT_SYNCHRONISED = 5
"""What ``adjtimex(2)`` calls TIME_ERROR."""

_TIMEX_BYTES = 1_024
"""More than the 208 bytes of its structure."""


class SeveralMachinesError(Exception):
    """A boot that another one followed is back: the file is used by two machines."""


@attrs.frozen
class Reading:
    """What the machine's clocks say. Times are whole microseconds."""

    boot: str
    """Identifies the boot; empty where nothing does."""
    since_boot: int
    wall: int | None
    """Since 1970, where the kernel calls the clock synchronised."""


def read_clocks() -> Reading:
    """What the clocks of this machine say now."""
    return Reading(_boot_id(), _since_boot(), time.time_ns() // 1_000 if _is_synchronised() else None)


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _since_boot() -> int:
    # Linux and macOS have clocks that go on while the machine sleeps.
    clock = getattr(
        time, {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC_RAW"}.get(sys.platform, ""), None
    )
    return (time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)) // 1_000


def _is_synchronised() -> bool:
    return _clock_state()() not in {-1, _NOT_SYNCHRONISED}


@cache
def _clock_state() -> Callable[[], int]:
    """What asks the kernel about its clock; -1 is the answer where that cannot be known."""
    if sys.platform != "linux" or find_spec("_ctypes") is None:
        return lambda: -1
    import ctypes  # noqa: PLC0415 - a Python can be built without it

    ask: Callable[[object], int] = getattr(ctypes.CDLL(None), "adjtimex", lambda _: -1)
    return lambda: ask(ctypes.create_string_buffer(_TIMEX_BYTES))  # given zeros, it changes nothing


@attrs.frozen
class Synchronised:
    """A step at which the wall clock was synchronised."""

    boot: str
    time: int
    """The limiter's own time."""
    wall: int


@attrs.frozen
class Time:
    """The limiter's own time, and where it stood when it was read last. Whole microseconds."""

    now: int
    boots: tuple[str, ...]
    """The last boots; the last one of them is that of the last step."""
    since_boot: int
    """The most that was read in that boot."""
    synchronised: Synchronised | None

    @classmethod
    def begin(cls, reading: Reading) -> Time:
        """The time of the first step."""
        return cls(0, (reading.boot,), reading.since_boot, None)._heed_wall(reading)

    def at(self, reading: Reading) -> Time:
        """The time at a later reading.

        :raises SeveralMachinesError: if another machine has used the file meanwhile.
        """
        *before, boot = self.boots
        if reading.boot in before:
            raise SeveralMachinesError
        if reading.boot == boot and (boot or reading.since_boot >= self.since_boot):
            since_boot = max(self.since_boot, reading.since_boot)
            passed, boots = since_boot - self.since_boot, self.boots
        else:
            since_boot = passed = reading.since_boot
            boots = self.boots if reading.boot == boot else (*self.boots[1 - MAX_BOOTS :], reading.boot)
        return attrs.evolve(self, now=self.now + passed, boots=boots, since_boot=since_boot)._heed_wall(
            reading
        )

    def _heed_wall(self, reading: Reading) -> Time:
        if reading.wall is None:
            return self
        now, before = self.now, self.synchronised
        if before is not None and before.boot != reading.boot:
            now = max(now, before.time + reading.wall - before.wall - 2 * SYNCHRONISED_TO)
        return attrs.evolve(self, now=now, synchronised=Synchronised(reading.boot, now, reading.wall))

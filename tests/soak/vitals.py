"""How the process is: what it holds at rest, and what it complains of."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

MEMORY_TOLERANCE = 1.1, 25_000
"""A share and kilobytes that the process may grow by, as the allocator keeps what it had at the busiest moment."""
OBJECTS_TOLERANCE = 1.01, 2_000
"""A share, and what fills up to its bound as time passes, such as fresh answers."""


@attrs.frozen
class Vitals:
    """What the process holds."""

    descriptors: int
    tasks: int
    objects: int
    """That the garbage collector knows."""
    memory: int
    """Resident, in kB."""

    @classmethod
    def measure(cls) -> Vitals:
        """As of now."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - counted without opening another
            tasks=len(asyncio.all_tasks()),
            objects=len(gc.get_objects()),
            memory=pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        )

    def grown(self, before: Vitals) -> list[str]:
        """What there is more of than before."""
        memory, objects = MEMORY_TOLERANCE, OBJECTS_TOLERANCE
        most = Vitals(
            before.descriptors,
            before.tasks,
            int(before.objects * objects[0]) + objects[1],
            int(before.memory * memory[0]) + memory[1],
        )
        now, bounds = attrs.asdict(self), attrs.asdict(most)
        return [f"{name}: {now[name]}, at most {bounds[name]}" for name in now if now[name] > bounds[name]]


async def at_rest() -> Vitals:
    """What the process holds once everything that is about to end has ended."""
    await asyncio.sleep(1.0)
    return Vitals.measure()


@contextmanager
def complaints() -> Generator[list[str]]:
    """Collects warnings, log records from WARNING on, and exceptions that nobody caught.

    What the client itself logs is about the service, which has its faults.
    """
    heard: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "meltingspot_async":
                heard.append(f"{record.name}: {record.getMessage()}")

    def unraisable(found: Any) -> None:
        heard.append(f"{found.err_msg or 'unraisable'}: {found.exc_value!r}")

    handler, hook = Listening(logging.WARNING), sys.unraisablehook
    logging.getLogger().addHandler(handler)
    sys.unraisablehook = unraisable
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield heard
            gc.collect()
            heard.extend(str(warning.message) for warning in warned)
    finally:
        sys.unraisablehook = hook
        logging.getLogger().removeHandler(handler)

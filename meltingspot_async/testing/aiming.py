"""Which request a fault happens to."""

from __future__ import annotations

from urllib.parse import unquote

import attrs

from .._validation import require_count
from ..errors import UsageError
from .faults import Fault


@attrs.define
class _Aimed:
    """A fault that is still to happen."""

    fault: Fault
    target: str | None
    left: int | None

    def hits(self, path: str) -> bool:
        """Whether the fault is for a request with this path, encoded and without its query."""
        if self.target is None:
            return True
        names = path.split("/")
        if not self.target.startswith("/"):
            return any(self.target in (name, unquote(name)) for name in names)
        wanted = self.target.split("/")
        return len(wanted) == len(names) and all(map(_fits, wanted, names))


def _fits(wanted: str, name: str) -> bool:
    is_any = wanted.startswith("{") and wanted.endswith("}")
    return is_any or wanted in (name, unquote(name))


class AimedFaults:
    """The faults that are still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[_Aimed] = []

    def add(self, fault: Fault, target: str | None, times: int | None) -> None:
        """Let a fault happen so many times, or from now on, to any request or to those for a target."""
        if isinstance(fault, type) or not callable(getattr(fault, "answer", None)):
            raise UsageError(f"A fault is needed, such as Answer(503) or Reset(), not {fault!r}.")
        if target == "" or (target and "?" in target):
            raise UsageError(
                "path must be a path without a query, such as /v1/courses/{id}/participants, or an id."
            )
        if times is not None:
            require_count("times", times)
        self._faults.append(_Aimed(fault, target, times))

    def clear(self) -> None:
        """Forget all of them."""
        self._faults.clear()

    def next_for(self, path: str) -> Fault | None:
        """The first fault for a request with this path, if any, which happens now."""
        found = next((aimed for aimed in self._faults if aimed.hits(path)), None)
        if found is None:
            return None
        if found.left is not None:
            found.left -= 1
            if found.left == 0:
                self._faults.remove(found)
        return found.fault

"""Cuts an answer that arrives in pieces into lines of JSON, holding no more than a piece and a line. Pure."""

from __future__ import annotations

import attrs

from ..errors import InvalidResponseError, TransportError
from ..models._json import NotJsonError, read

MAX_LINE_BYTES = 2**20
"""Bytes that a line may have."""


@attrs.define
class JsonLines:
    """Cuts the pieces of an answer into lines; blank ones are left out."""

    path: str
    """Path that was asked for, for errors."""
    _rest: bytes = attrs.field(default=b"", init=False)

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes.

        :raises InvalidResponseError: for a line longer than 1 MiB, ended or not.
        """
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if any(len(line) > MAX_LINE_BYTES for line in (*lines, self._rest)):
            raise InvalidResponseError(self.path, "$", f"a line is longer than {MAX_LINE_BYTES} bytes")
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """What follows the last line end, if it is a line.

        :raises TransportError: if it is part of one: the answer was cut.
        """
        if not self._rest.strip():
            return []
        is_whole = True
        try:
            read(self._rest)
        except NotJsonError:
            is_whole = False
        if not is_whole:
            raise TransportError("the answer ended in the middle of a line", self.path)
        return [self._rest]

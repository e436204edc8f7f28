"""A file that is written in one piece, or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


def replace(path: Path, text: str) -> None:
    """Write a text to a file that is its owner's alone. A file that is there is replaced, once all is written.

    :raises OSError: it cannot be written; what was there before still is.
    """
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            _fill(file, text, path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # nobody knows the other file
        raise


def _fill(file: IO[str], text: str, path: Path) -> None:
    try:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(path)
    except BaseException:  # Ctrl-C too: nobody else knows the unfinished file
        Path(file.name).unlink()
        raise

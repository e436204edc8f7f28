"""The state of an allowance in a file of SQLite, and a step in it: one transaction, as a whole or not at all.

The file has a write-ahead log. A step is then written without waiting for the disk, and whoever is killed in the middle
of one leaves the file as it was before. A power cut can undo the last steps, back to when the log was last on the disk:
1,000 pages of it at most, the work of some hundred requests. Those are over for a short window by the time that the
machine is up again, and missing from the day's count.

No connection is carried over a fork, where SQLite would take the locks of the parent for the child's.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import LimiterUnavailableError, UsageError
from ..rate_limit._decision import decide
from ..rate_limit._shared import StoreUnreachableError
from ..rate_limit._state import Reply, Rules, State, Statement
from ._clock import Reading, SeveralMachinesError, Time, read_clocks
from ._place import make_private, network_of
from ._record import Parts, from_parts, to_parts

APPLICATION_ID = 0x4D53524C
"""What tells the file from other databases: "MSRL"."""

VERSION = 1
"""Changes whenever what is written would be misread by other versions."""

PATIENCE = 1.0
"""Seconds to wait for a process that writes; a step takes less than a thousandth of that."""

_LOG_MODE = "WAL"

_SCHEMA = "CREATE TABLE state (allowance TEXT, part TEXT, value BLOB, PRIMARY KEY (allowance, part))"
_LOAD = "SELECT part, value FROM state WHERE allowance = ?"
_SAVE = (
    "INSERT INTO state VALUES (?, ?, ?) ON CONFLICT (allowance, part) DO UPDATE SET value = excluded.value"
)
_REMOVE = "DELETE FROM state WHERE allowance = ? AND part = ?"

_IDENTIFY = (
    "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
    "FROM pragma_application_id, pragma_user_version"
)

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR")

_MOVE_AWAY = (
    "{path} is damaged, or is not a limit's file. Move it away, and a new one is made, which has forgotten what was "
    "used of the day; or name another file."
)
_OTHER_VERSION = (
    "{path} was written by another version of meltingspot_async. Use the same version in all programs of this machine, "
    "or name another file."
)
_NO_NETWORK = (
    "{path} is not on a disk of this machine alone, and locks can fail on a file system that others share. Name a "
    "local file, or share the limit in Redis."
)
_ONE_MACHINE = (
    "Another machine uses {path}, too, and neither sees the locks of the other. Share the limit in Redis; or give each "
    "machine a file, and a part of the limit, of its own."
)
_CHECK_DISK = "Check the disk of {path}: it is full, or it fails."
_CHECK_ACCESS = (
    "Check that {path} is, or can become, a file that this user may write, in a folder that it may write."
)


class LimitFile:
    """One allowance in a file.

    :param path: of the file, which is made when it is missing.
    :param allowance: its name; a file can hold several.
    :param rules: by which limits are kept, in microseconds.
    :param clock: what the machine's clocks say.
    """

    def __init__(
        self, path: Path, allowance: str, rules: Rules, clock: Callable[[], Reading] = read_clocks
    ) -> None:
        if not isinstance(allowance, str) or not allowance:
            raise UsageError("key must be a name.")
        self.path = path
        self._allowance = allowance
        self._rules = rules
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._identity = 0, 0
        self.lock = threading.Lock()
        """Held for each step, and while the process forks."""
        _files.add(self)

    def step(self, statement: Statement) -> Reply | None:
        """What :func:`~..rate_limit._decision.decide` answers to a statement, at the time of the machine.

        :raises StoreUnreachableError: others kept the file locked.
        :raises LimiterUnavailableError: the file cannot be used, and what to do about it.
        """
        with self.lock:
            try:
                return self._take_step(statement)
            except BaseException as error:
                self.disconnect()  # what was written so far is undone
                if isinstance(error, sqlite3.Error | OSError):
                    raise self._failure(error) from None
                raise

    def close(self) -> None:
        """Close the connection."""
        with self.lock:
            self.disconnect()

    def disconnect(self) -> None:
        """Close the connection. For whoever has the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take_step(self, statement: Statement) -> Reply | None:
        connection = self._connected()
        connection.execute("BEGIN IMMEDIATE")
        before: Parts = dict(connection.execute(_LOAD, (self._allowance,)))
        state, time = self._loaded(before)
        reply = decide(state, self._rules, statement, time.now)
        if reply is None or reply.is_conflict:
            connection.execute("ROLLBACK")
            return reply
        after = to_parts(state, time)
        changed = [(self._allowance, *part) for part in after.items() if before.get(part[0]) != part[1]]
        connection.executemany(_SAVE, changed)
        connection.executemany(_REMOVE, [(self._allowance, part) for part in before.keys() - after.keys()])
        connection.execute("COMMIT")
        return reply

    def _loaded(self, parts: Parts) -> tuple[State, Time]:
        """What was known after the last step, and the time now."""
        reading = self._clock()
        if not parts:
            return State.new(self._rules), Time.begin(reading)
        try:
            state, time = from_parts(parts)
            return state, time.at(reading)
        except SeveralMachinesError:
            raise self._unusable("several machines", _ONE_MACHINE) from None
        except (KeyError, TypeError, ValueError, struct.error):
            raise self._unusable("damaged", _MOVE_AWAY) from None

    def _connected(self) -> sqlite3.Connection:
        """A connection to the file that has this path now: it may have been removed, and be another one."""
        with suppress(FileNotFoundError):
            if self._connection is not None and self._identity == _identity(self.path):
                return self._connection
        self.disconnect()
        with _opening:
            make_private(self.path)
            network = network_of(self.path)
            if network is not None:
                raise self._unusable(network, _NO_NETWORK)
            self._identity = _identity(self.path)
            self._connection = sqlite3.connect(
                self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
        self._prepare(self._connection)
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make sure that the file is one of ours and of this version; make an empty one so."""
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        application, version, tables = connection.execute(_IDENTIFY).fetchone()
        if (application, version, tables) == (0, 0, 0):
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif application != APPLICATION_ID:
            raise self._unusable("another database", _MOVE_AWAY)
        elif version != VERSION:
            raise self._unusable(f"version {version}", _OTHER_VERSION)
        connection.execute("COMMIT")
        (mode,) = connection.execute(f"PRAGMA journal_mode = {_LOG_MODE}").fetchone()
        if mode != "wal":  # SQLite says which one it could set
            raise self._unusable(f"journal mode {mode}", _NO_NETWORK)

    def _failure(self, error: sqlite3.Error | OSError) -> Exception:
        """The exception that says what to do about an error."""
        name: str = getattr(error, "sqlite_errorname", type(error).__name__)
        if name.startswith(_BUSY):
            return StoreUnreachableError(name)
        remedy = _MOVE_AWAY if name.startswith(_DAMAGED) else _CHECK_DISK if name.startswith(_NO_ROOM) else ""
        return self._unusable(name, remedy or _CHECK_ACCESS)

    def _unusable(self, reason: str, remedy: str) -> LimiterUnavailableError:
        return LimiterUnavailableError(reason, remedy.format(path=self.path))


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


_files: weakref.WeakSet[LimitFile] = weakref.WeakSet()

_opening = threading.Lock()
"""Held while a file is made and opened: closing a file takes away the locks that its process has on it."""

_forking: list[LimitFile] = []
"""Those whose lock is held for a fork."""


def _before_fork() -> None:
    _forking.extend(_files)
    for file in _forking:
        file.lock.acquire()
        file.disconnect()
    _opening.acquire()


def _after_fork() -> None:
    _opening.release()
    while _forking:
        _forking.pop().lock.release()


def _no_forks(**_: Callable[[], None]) -> None:
    """What there is to do on Windows."""


getattr(os, "register_at_fork", _no_forks)(
    before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
)

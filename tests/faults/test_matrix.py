"""Every fault, by every way of use: what is promised, soon, with nothing left behind and nothing private said."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path

import pytest

from meltingspot_async import QuotaExhaustedError
from meltingspot_async.models import _json

from .fault import NOTHING, VALUE, Outcome, Way
from .loops import LOOPS
from .person import told
from .trying import Trial, Tried
from .ways import CALLS_AT_ONCE, WHOLE

OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture(autouse=True, scope="session")
def _first_loops() -> None:
    """What a kind of loop opens once for all, uvloop with its first one, is no file left behind."""
    for new_loop in LOOPS.values():
        new_loop().close()


@pytest.fixture(autouse=True)
def _reading(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is read by the standard library, or by orjson, or as the client does it."""
    if reader != "as installed":
        fast = _json._exact if reader == "json" else importlib.import_module("orjson").loads
        monkeypatch.setattr(_json, "_fast", fast)


def test_fault_ends_as_it_is_promised(
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The caller soon gets the documented answer or error; nothing is left behind, and nothing private is said."""
    caplog.set_level(logging.DEBUG)
    before = _open_files()
    if trial.cell.way == "command":
        tried = trial.by_command(monkeypatch, tmp_path / "participants.jsonl")
        _has_exit_code(tried, trial.promised)
    else:
        tried = trial.by_call(monkeypatch)
        _is(tried, trial.promised, trial.cell.way)
    if trial.promised == VALUE:
        assert tried.ids == WHOLE[trial.cell.way]
    assert not tried.left
    assert _open_files() <= before
    logs = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert not [record.getMessage() for record in logs]
    captured = "".join(capfd.readouterr())
    assert not captured
    assert "Traceback" not in "".join(tried.said_by_command)
    assert not told([*tried.said, *tried.said_by_command, caplog.text])


def _is(tried: Tried, promised: Outcome, way: Way) -> None:
    """The program got what is promised, after as many attempts as make sense."""
    error = promised.error or type(None)
    assert type(tried.error) is error, str(tried.error)
    assert promised.says in str(tried.error)
    if promised == NOTHING:
        assert tried.ids == []
    if promised.error is not None:
        assert (len(tried.attempts) > CALLS_AT_ONCE.get(way, 1)) == promised.tried_again, tried.attempts


def _has_exit_code(tried: Tried, promised: Outcome) -> None:
    """The command ended with what is promised, and said why."""
    failed = 3 if promised.error is QuotaExhaustedError else 1
    assert tried.exit_code == (0 if promised.error is None else failed), tried.said_by_command
    assert promised.says in "".join(tried.said_by_command)


def _open_files() -> int:
    """How many files and sockets this process has open; 0 where the system does not say."""
    return sum(1 for _ in OPEN_FILES.iterdir()) if OPEN_FILES.exists() else 0

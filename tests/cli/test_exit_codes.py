"""How a command ends: with which exit code, and with which line on stderr."""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import typer

from meltingspot_async import QuotaExhaustedError, RateLimit, TransportError, UsageError
from meltingspot_async._cli import limiting
from meltingspot_async._cli.running import RootGroup
from meltingspot_async._cli.running import run as run_async
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault

from ..support.cli import export, ids, run


def command_of(work: Callable[[], Coroutine[object, object, None]]) -> typer.Typer:
    """A command line with the one command `work`."""
    app = typer.Typer(cls=RootGroup)
    app.callback()(lambda: None)
    app.command("work")(lambda: run_async(work()))
    return app


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (asyncio.CancelledError(), 143, "terminated"),
        (UsageError("an empty id"), 2, "an empty id"),
        (QuotaExhaustedError(60.0), 3, "used up"),
        (TransportError("refused", "/v1/courses"), 1, "refused"),
        (
            FileExistsError(errno.EEXIST, "File exists", "all.csv"),
            2,
            "all.csv exists. Continue it with --resume",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "all.csv"), 1, "all.csv: Permission denied"),
        (OSError("no number"), 1, "meltingspot: no number"),
    ],
)
def test_error_becomes_one_line_and_its_exit_code(
    error: BaseException, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However the work of a command ends, stderr has one line, and the exit code is its own."""

    async def work() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        command_of(work)(["work"])
    assert ended.value.code == code
    stderr = capsys.readouterr().err
    assert says in stderr
    assert len(stderr.splitlines()) == 1


def test_closed_pipe_is_no_error_to_report(capsys: pytest.CaptureFixture[str]) -> None:
    """When the reader of the output has seen enough, as head(1) has, the command ends without a word."""

    async def work() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.raises(SystemExit) as ended:
        command_of(work)(["work"])
    assert ended.value.code == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "faults", "code", "says"),
    [
        (["c", "nobody"], [], 1, "404 for GET /v1/courses/c/participants/nobody (participant not found)"),
        (["c", "participant-2"], [Answer(401)], 1, "MELTINGSPOT_AUTH_SCHEME=Bearer"),
        (["c", "participant-2"], [Answer(200, b"<html>")], 1, "not as documented at $"),
        (["c", ""], [], 2, "course_participant_id must be an id"),
    ],
)
def test_get_that_fails_is_one_line(
    fake: FakeMeltingSpot, arguments: list[str], faults: list[Fault], code: int, says: str
) -> None:
    """An error of the service exits with 1, wrong usage with 2; stderr has one line, stdout nothing."""
    fake.fail(*faults)
    shown = run("participants", "get", *arguments)
    assert (shown.exit_code, shown.stdout) == (code, "")
    assert says in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["participants", "get", "c"], ["nonsense"], ["participants", "get", "--key=k"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    """Missing arguments, unknown commands and unknown options exit with 2. There is no option for the key."""
    assert run(*arguments).exit_code == 2


def test_missing_key_exits_with_2() -> None:
    """Without a key, the command says which variable to set."""
    shown = run("participants", "get", "c", "p")
    assert shown.exit_code == 2
    assert "MELTINGSPOT_API_KEY" in shown.stderr


def test_list_that_fails_midway_exits_with_1(fake: FakeMeltingSpot) -> None:
    """The pages that arrived before an error are printed, and the error is one line on stderr."""
    fake.seed("course-1", 130)
    fake.fail(Delay(0.0), Answer(403))
    shown = run("participants", "list", "course-1", "--json")
    assert shown.exit_code == 1
    assert len(shown.stdout.splitlines()) == 100
    assert shown.stderr.startswith("meltingspot: 403 for GET")


def test_used_up_allowance_exits_with_3(
    fake: FakeMeltingSpot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the requests of the day are used up, an export exits with 3 and says when it can be resumed."""
    fake.seed("course-1", 450)
    out = tmp_path / "all.jsonl"
    monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "off")
    monkeypatch.setattr(limiting, "DOCUMENTED_LIMITS", (RateLimit(3, per=86_400.0),))
    stopped = export("course-1", "-o", out)
    assert stopped.exit_code == 3
    assert re.search(r"Try again in 86[34]\d\d s", stopped.stderr)
    assert len(ids(out)) == 300
    monkeypatch.undo()
    monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
    monkeypatch.setenv("MELTINGSPOT_BASE_URL", fake.base_url)
    assert export("course-1", "-o", out, "--resume").exit_code == 0
    assert len(ids(out)) == len(set(ids(out))) == 450

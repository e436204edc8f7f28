"""The command: what it prints, where, and how it ends."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys

import attrs
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from meltingspot_async._cli import app as cli
from meltingspot_async._cli.demo import run_demo
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot, Fault, make_course_participant

from ..support.clock import run_virtual

# A program that runs in the background ignores Ctrl-C, and so would what it starts: the tests put that right.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from meltingspot_async._cli.app import main
main()
"""
COMMAND = [sys.executable, "-c", START]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "80", "TERM": "dumb"})


def test_get_shows_a_participant(fake: FakeMeltingSpot) -> None:
    """`participants get` prints the participant's fields, and exits with 0."""
    shown = run("participants", "get", "c", "participant-2")
    assert shown.exit_code == 0
    assert "Completed" in shown.stdout
    assert "chloé.martin.2@example.com" in shown.stdout
    assert not shown.stderr


def test_get_prints_json(fake: FakeMeltingSpot) -> None:
    """With --json the output is one JSON object in the service's names."""
    shown = run("participants", "get", "c", "participant-2", "--json")
    document = json.loads(shown.stdout)
    assert document["spotMemberFirstname"] == "Chloé"
    assert document["completedAt"] == "2026-01-14T23:00:00Z"
    assert len(document) == 13


@pytest.mark.parametrize(
    ("arguments", "faults", "code", "says"),
    [
        (["c", "nobody"], [], 1, "404 for GET /v1/courses/c/participants/nobody (participant not found)"),
        (["c", "participant-2"], [Answer(401)], 1, "MELTINGSPOT_AUTH_SCHEME=Bearer"),
        (["c", "participant-2"], [Answer(200, b"<html>")], 1, "not as documented at $"),
        (["c", ""], [], 2, "course_participant_id must be an id"),
    ],
)
def test_errors_are_one_clear_line(
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
    """Missing arguments, unknown commands and options exit with 2; a key is not among the options."""
    assert run(*arguments).exit_code == 2


def test_no_key_exits_with_2() -> None:
    """Without a key the command says which variable to set."""
    shown = run("participants", "get", "c", "p")
    assert shown.exit_code == 2
    assert "MELTINGSPOT_API_KEY" in shown.stderr


def test_texts_of_the_service_cannot_steer_the_terminal(fake: FakeMeltingSpot) -> None:
    """Control characters in a name reach the terminal as harmless marks."""
    document = {
        **json.loads(run("participants", "get", "c", "participant-2", "--json").stdout),
        "spotMemberLastname": "\x1b[2J\x07evil[bold]",
        "status": "Paused\x1b[0m",
    }
    fake.fail(Answer(200, json.dumps(document).encode()))
    shown = run("participants", "get", "c", "participant-2").stdout
    assert "\x1b" not in shown
    assert "�[2J�evil[bold]" in shown


def test_the_demo_shows_what_it_promises() -> None:
    """The demo shows a retry, a pause of the whole key, and all participants as a table 80 columns wide."""
    screen = io.StringIO()
    run_virtual(run_demo(Console(file=screen, width=80)))
    shown = screen.getvalue()
    assert shown.count("503: again in") == 1
    assert shown.count("429: every request pauses for") >= 1
    assert len(re.findall("^participant-", shown, re.MULTILINE)) == 24
    assert "24 participants, " in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_demo_runs_as_it_is_installed() -> None:
    """`meltingspot demo` needs neither key nor network, and ends well within 15 s."""
    shown = subprocess.run([*COMMAND, "demo"], capture_output=True, text=True, timeout=15, check=True)
    assert "24 participants, " in shown.stdout
    assert not shown.stderr


def test_ctrl_c_ends_the_command_without_a_traceback(fake: FakeMeltingSpot) -> None:
    """An interrupt ends the command at once, with neither traceback nor key on the screen."""
    fake.fail(*[Delay(60.0)] * 5)
    process = subprocess.Popen(
        [*COMMAND, "participants", "get", "c", "participant-2"], stderr=subprocess.PIPE, text=True
    )
    while not fake.received:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert fake.api_key not in told


def test_without_its_extra_the_command_says_what_to_install() -> None:
    """Where typer or rich is missing the command names the extra instead of failing with a traceback."""
    hidden = "import sys; sys.modules['typer'] = None; from meltingspot_async._cli.app import main; main()"
    told = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert told.stderr == "The command needs an extra: pip install 'meltingspot-async[cli]'\n"


def test_list_shows_a_course(fake: FakeMeltingSpot) -> None:
    """`participants list` prints one line for each participant, under one header, 80 columns wide."""
    fake.seed("course-1", 130)
    shown = run("participants", "list", "course-1")
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert lines[0].split() == ["Participant", "Name", "Status", "Completion"]
    assert len(lines) == 131
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["participant-2", "Chloé", "Martin", "Completed", "████████", "100"]


def test_list_prints_json_lines(fake: FakeMeltingSpot) -> None:
    """With --json each participant is one line of JSON, and --status keeps what it names."""
    fake.seed("course-1", 130)
    shown = run("participants", "list", "course-1", "--json", "--status", "Started")
    documents = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(documents) == 33
    assert {document["status"] for document in documents} == {"Started"}


def test_a_list_that_fails_in_the_middle_exits_with_1(fake: FakeMeltingSpot) -> None:
    """What came before an error is printed, and the error is one line on stderr."""
    fake.seed("course-1", 130)
    fake.fail(Delay(0.0), Answer(403))
    shown = run("participants", "list", "course-1", "--json")
    assert shown.exit_code == 1
    assert len(shown.stdout.splitlines()) == 100
    assert shown.stderr.startswith("meltingspot: 403 for GET")


def test_ids_are_shown_whole(fake: FakeMeltingSpot) -> None:
    """An id can be copied from the table, as long as a UUID or longer."""
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    fake.add(attrs.evolve(make_course_participant(1, course_id="long"), id=uuid))
    fake.add(attrs.evolve(make_course_participant(2, course_id="long"), id=uuid * 2))
    assert run("participants", "list", "long").stdout.count(uuid) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["participants", "list", "c"],
        ["participants", "get", "c", "participant-2"],
        ["courses", "report", "c"],
    ],
)
def test_a_terminal_without_the_signs_gets_marks(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Where bars and names cannot be encoded they are replaced: no traceback, and the rest is whole."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    fake.add(make_course_participant(2, course_id="c"))
    shown = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Completed" in shown.stdout
    assert "?" in shown.stdout


def test_json_is_whole_in_any_encoding(fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is ASCII, so that no encoding can change a name in it."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    command = [*COMMAND, "participants", "get", "c", "participant-2", "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout)["spotMemberFirstname"] == "Chlo\N{LATIN SMALL LETTER E WITH ACUTE}"

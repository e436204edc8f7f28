"""``python -m meltingspot_async.testing`` serves the fake service to programs that run beside it."""

from __future__ import annotations

import errno
import io
import os
import runpy
import shlex
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

from meltingspot_async.testing import serving

PATH = "/v1/courses/course-1/participants"


def ask(screen: io.StringIO, found: list[object]) -> None:
    """Set the environment that was printed, ask the service twice, and press Ctrl-C."""
    try:
        while not (shown := screen.getvalue()).partition("export")[2].endswith("\n"):
            time.sleep(0.01)
        line = next(line for line in shown.splitlines() if line.startswith("export"))
        settings = dict(word.split("=", 1) for word in shlex.split(line)[1:])
        request = urllib.request.Request(
            settings["MELTINGSPOT_BASE_URL"] + PATH,
            headers={"Authorization": settings["MELTINGSPOT_API_KEY"]},
        )
        try:
            urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            with error:
                found.append((error.code, error.headers["Retry-After"]))
        with urllib.request.urlopen(request) as answer:
            found.append(answer.read().decode())
    finally:
        os.kill(os.getpid(), signal.SIGINT)


def test_program_beside_it_reaches_the_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment it prints leads to so many participants; it fails as asked, and Ctrl-C ends it with 0."""
    options = f"--port 0 --participants 3 --fail 503 --path {PATH} --retry-after 2"
    monkeypatch.setattr("sys.argv", ["testing", *options.split()])
    # Not capsys, which loses what is printed while another thread reads.
    screen = io.StringIO()
    monkeypatch.setattr("sys.stdout", screen)
    found: list[object] = []
    asking = threading.Thread(target=ask, args=(screen, found))
    asking.start()
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("meltingspot_async.testing", run_name="__main__")
    asking.join()
    assert ended.value.code == 0
    assert found[0] == (503, "2")
    assert '"total": 3' in str(found[1])
    assert screen.getvalue().splitlines(keepends=True)[2:] == ["# Ended after 2 requests.\n"]


def test_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that another program uses ends it with 1, and one line that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert serving.main(["--port", str(port)]) == 1
    error = f"Cannot listen on port {port}: {os.strerror(errno.EADDRINUSE)}. Choose another with --port.\n"
    assert capsys.readouterr().err == error


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--participants many", "'many' is not a whole number from 0"),
        ("--port 70000", "'70000' is not a whole number from 0 to 65535"),
        ("--fail 503 --path /v1/courses?page=1", "path must be a path without a query"),
    ],
)
def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str], options: str, problem: str) -> None:
    """Options that cannot work end it with 2, and say why."""
    with pytest.raises(SystemExit) as ended:
        serving.main(options.split())
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err

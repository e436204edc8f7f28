"""What all tests share: the virtual clock, and the mending of aioresponses."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import uuid
import warnings
from asyncio import format_helpers, selector_events
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from traceback import StackSummary
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses, core
from hypothesis import settings

from meltingspot_async import RateLimit
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from .support.clock import VirtualLoop
from .support.limit_file import fast_folder
from .support.redis_server import RedisServer, redis_server

pytest_plugins = ["pytester"]


def _no_stack(*_: object) -> StackSummary:
    return StackSummary()


# Debug mode notes where each callback was made, in a third of the time of a test. Whoever asks leaves this out.
format_helpers.extract_stack = _no_stack  # type: ignore[assignment]  # it takes a frame, and a limit

_close_loop = selector_events.BaseSelectorEventLoop.close


def _close_and_tell(loop: selector_events.BaseSelectorEventLoop) -> None:
    """Warn of connections that are open as their loop closes: the collector of garbage would blame some later test."""
    connections: list[Any] = [*loop._transports.values()]  # type: ignore[attr-defined]  # asyncio's own
    left_open = [each for each in connections if each._sock is not None]
    _close_loop(loop)
    if left_open:
        warnings.warn(f"left open: {left_open}", ResourceWarning, stacklevel=2)


selector_events.BaseSelectorEventLoop.close = _close_and_tell  # type: ignore[assignment,method-assign]

settings.register_profile("suite", deadline=None, database=None, max_examples=20)
settings.register_profile("thorough", settings.get_profile("suite"), max_examples=2_000)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--faults=all`` tries every fault, where a tenth of them is tried by default."""
    parser.addoption("--faults", choices=["sample", "all"], default="sample", help="which faults to try")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: one worker more than processors, since some tests wait for other programs and use none."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    """Workers that are done take tests from those that are not: nobody waits for the last one."""
    if config.getoption("numprocesses", None):
        config.option.dist = "worksteal"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, in whatever order the others are."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: to look through it for garbage, again and again, took as long as some tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # tests make much and keep little
        gc.enable()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every async test runs on a virtual clock."""
    return {"virtual": VirtualLoop}


class _WriterlessResponse(ClientResponse):
    """aioresponses 0.7.9 does not know of the argument aiohttp 3.14 requires (aioresponses#289).

    To be removed when a release of aioresponses does.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"stream_writer": SimpleNamespace(output_size=0), **kwargs})  # type: ignore[arg-type]


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Canned answers in place of the network; loopback goes through."""
    monkeypatch.setattr(core, "ClientResponse", _WriterlessResponse)
    with aioresponses(passthrough=["http://127.0.0.1"]) as mocked:
        yield mocked


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    """A folder for what the command keeps for its user, instead of that of whoever runs the tests."""
    with fast_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, state_folder: Path) -> None:
    """The settings of whoever runs the tests do not reach them, and nothing of theirs is left behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state_folder / uuid.uuid4().hex))
    # Nobody asks a server that a public authority vouches for, and to read what those signed takes long: a quarter of
    # the start of a program.
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    # Programs that tests start are compiled once.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in ("API_KEY", "BASE_URL", "AUTH_SCHEME", "PAGE_SIZE", "REDIS_URL", "LIMIT_FILE", "LOG"):
        monkeypatch.delenv(f"MELTINGSPOT_{name}", raising=False)


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """Python's own handler of Ctrl-C, now and afterwards: one that a test left behind would strike in a later one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def server() -> Iterator[RedisServer]:
    """A redis-server of the tests' own; tests use keys of their own."""
    with redis_server() as running:
        yield running


@pytest.fixture
def limit_path() -> Iterator[Path]:
    """A path for the file of a limit."""
    with fast_folder() as folder:
        yield folder / "limit"


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits before another attempt are as short as chance can make them, for tests in real time."""
    monkeypatch.setattr("meltingspot_async._http.waiting.random", SimpleNamespace(random=lambda: 0.0))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, short_waits: None) -> Iterator[FakeMeltingSpot]:
    """A live fake service with one participant, and an environment that leads to it."""
    with FakeMeltingSpot(limits=[RateLimit(10_000, per=10.0)], warm=0.005) as running:
        running.add(make_course_participant(2, course_id="c"))
        monkeypatch.setenv("MELTINGSPOT_API_KEY", running.api_key)
        monkeypatch.setenv("MELTINGSPOT_BASE_URL", running.base_url)
        monkeypatch.setenv("MELTINGSPOT_LIMIT_FILE", "off")  # its pace takes real time
        yield running

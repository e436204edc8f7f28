"""docs/examples/many_spots.py with a real Redis server and real workers, one of which is killed at its work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from meltingspot_async.testing import Delay, FakeMeltingSpot

from ..support.redis_server import redis_server

pytest.importorskip("taskiq_redis", reason="the queue is not installed")

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
GENEROUS = 30.0
"""Seconds after which a test gives up waiting."""

IDLE_SECONDS = 8
"""Long enough for a worker on a busy machine to give a sign of life, four times."""

COURSES = {
    "north": {"onboarding": 150, "a/../../course": 230, "small": 1},
    "south": {"onboarding": 350},
    "west": {"onboarding": 120, ".hidden": 210, "later": 0},
}
"""Participants of each course of each Spot. A course without any is one that the service does not know."""
FILES = {
    "north/onboarding.jsonl": ("north", "onboarding"),
    "north/a%2F%2E%2E%2F%2E%2E%2Fcourse.jsonl": ("north", "a/../../course"),
    "north/small.jsonl": ("north", "small"),
    "south/onboarding.jsonl": ("south", "onboarding"),
    "west/onboarding.jsonl": ("west", "onboarding"),
    "west/%2Ehidden.jsonl": ("west", ".hidden"),
    "west/later.jsonl": ("west", "later"),
}


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    until = time.monotonic() + GENEROUS
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The address of a Redis server of this test's own."""
    with redis_server() as server:
        yield server.url


@contextmanager
def workers(count: int, environment: Mapping[str, str], log: Path) -> Generator[None, None, None]:
    """So many worker processes, as the docs start them."""
    options = ["--app-dir", str(EXAMPLES), "--workers", str(count), "--max-async-tasks", "1"]
    command = [sys.executable, "-m", "taskiq", "worker", *options, "many_spots:broker"]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        ) as manager,
    ):
        try:
            yield
        finally:
            manager.terminate()
            with suppress(subprocess.TimeoutExpired):  # a task that a failing test left waiting
                manager.wait(10)
            with suppress(ProcessLookupError):  # as it should be: none of them is left
                os.killpg(manager.pid, signal.SIGKILL)


def enqueue(environment: Mapping[str, str]) -> str:
    """Run the example's command; its output."""
    command = [sys.executable, str(EXAMPLES / "many_spots.py")]
    return subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True, timeout=GENEROUS
    ).stdout


def entry_of(queue: Any, task: tuple[str, str]) -> bytes:
    """The id of a task in the queue."""
    entries: dict[tuple[str, ...], bytes] = {
        tuple(json.loads(fields[b"data"])["args"]): entry for entry, fields in queue.xrange("many-spots")
    }
    return entries[task]


def delivery_of(queue: Any, entry: bytes) -> Any:
    """Who has a task, how often it was given out, and how long ago a worker last reported that it is busy with it."""
    (delivery,) = queue.xpending_range("many-spots", "exporters", entry, entry, 1)
    return delivery


def gives_sign_of_life(queue: Any, entry: bytes) -> Callable[[], bool]:
    """Whether a task's time without a sign has become shorter, which time alone does not do."""
    longest = 0

    def has_become_shorter() -> bool:
        nonlocal longest
        idle: int = delivery_of(queue, entry)["time_since_delivered"]
        longest = max(longest, idle)
        return idle < longest

    return has_become_shorter


def everything_in(queue: Any) -> str:
    """All keys and values of a Redis server."""
    return repr([(key, queue.dump(key)) for key in queue.scan_iter()])


def found_in(folder: Path) -> set[str]:
    """Every file in a folder."""
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def spots(tmp_path: Path) -> Iterator[dict[str, FakeMeltingSpot]]:
    """A service per Spot, each with a key of its own, and the file that describes them."""
    with ExitStack() as stack:
        fakes: dict[str, FakeMeltingSpot] = {}
        document = 'out = "out"\n'
        for name, courses in COURSES.items():
            fake = fakes[name] = FakeMeltingSpot()
            fake.api_key = f"key-of-{name}"
            for course, count in courses.items():
                fake.seed(course, count)
            stack.enter_context(fake)
            document += f'[spots.{name}]\nkey_env = "KEY_{name.upper()}"\nbase_url = "{fake.base_url}"\n'
            document += f"courses = {json.dumps(list(courses))}\n"
        (tmp_path / "many_spots.toml").write_text(document)
        yield fakes


@pytest.fixture
def environment(tmp_path: Path, redis_url: str, spots: dict[str, FakeMeltingSpot]) -> dict[str, str]:
    """The environment of the workers and the command."""
    keys = {f"KEY_{name.upper()}": fake.api_key for name, fake in spots.items()}
    settings = {
        "MANY_SPOTS_FILE": str(tmp_path / "many_spots.toml"),
        "MANY_SPOTS_REDIS": redis_url,
        "MANY_SPOTS_IDLE": str(IDLE_SECONDS),
    }
    # The queue loads FastAPI where it is installed, in a third of the time that a worker takes to start.
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "fastapi.py").write_text("raise ImportError")
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{absent}", **keys, **settings}


@pytest.mark.long
@pytest.mark.timeout(150)
def test_killed_worker_loses_nothing_and_repeats_nothing(
    tmp_path: Path, redis_url: str, spots: dict[str, FakeMeltingSpot], environment: dict[str, str]
) -> None:
    """One of two workers is killed with two pages of a course behind it, and every file is whole in the end.

    While it lived, it kept its task. What failed is enqueued again. No key stands where it should not.
    """
    out, log = tmp_path / "out", tmp_path / "log"
    spots["south"].fail(Delay(0), Delay(0), Delay(3600))
    with Redis.from_url(redis_url) as queue:
        assert enqueue(environment) == "7 courses enqueued\n"
        assert enqueue(environment) == "0 courses enqueued\n"  # they are in the queue already
        in_queue = repr(queue.xrange("many-spots"))
        with workers(2, environment, log):
            wait_for("the third page's request", lambda: len(spots["south"].received) >= 3)
            entry = entry_of(queue, ("south", "onboarding"))
            wait_for("a sign of life", gives_sign_of_life(queue, entry))
            delivery = delivery_of(queue, entry)
            assert delivery["times_delivered"] == 1
            os.kill(int(delivery["consumer"].rsplit(b"-", 1)[1]), signal.SIGKILL)
            assert not (out / "south" / "onboarding.jsonl").exists()
            # Time passes, as far as Redis is concerned.
            idle = IDLE_SECONDS * 1000
            queue.xclaim("many-spots", "exporters", delivery["consumer"], 0, [entry], idle=idle, justid=True)
            wait_for("an empty queue", lambda: queue.xlen("many-spots") == 0)
            files = dict(FILES)
            unknown = files.pop("west/later.jsonl")
            assert found_in(out) == set(files)

            spots["west"].seed(unknown[1], 120)
            assert enqueue(environment) == "1 courses enqueued\n"
            wait_for("an empty queue", lambda: queue.xlen("many-spots") == 0)
        left_in_redis = everything_in(queue)
    assert found_in(out) == set(FILES)
    for name, (spot, course) in FILES.items():
        ids = [json.loads(line)["id"] for line in (out / name).read_text().splitlines()]
        count = COURSES[spot][course] or 120
        assert sorted(ids) == sorted(f"participant-{number}" for number in range(count)), name
    assert not any(request.refused for fake in spots.values() for request in fake.received)
    assert all(f"meltingspot:{{{name}}}:" in left_in_redis for name in spots)
    written = "".join(file.read_text() for file in (log, *out.rglob("*.jsonl")))
    assert "key-of-" not in in_queue + left_in_redis + written


def test_spot_name_cannot_lead_outside_the_folder(tmp_path: Path, environment: dict[str, str]) -> None:
    """A Spot whose name is not a plain word is refused."""
    (tmp_path / "many_spots.toml").write_text('out = "out"\n[spots.".."]\nkey_env = "KEY"\ncourses = ["c"]\n')
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        enqueue(environment)
    assert "'name' must match regex" in refusal.value.stderr

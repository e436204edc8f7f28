"""Export the courses of many Spots by a task queue, each key with its own limit.

Workers, and the command that gives them work::

    taskiq worker --app-dir docs/examples -w 3 --max-async-tasks 10 many_spots:broker
    python docs/examples/many_spots.py

Three environment variables configure it: ``MANY_SPOTS_FILE`` names a TOML file,
``MANY_SPOTS_REDIS`` is the address of the Redis server, ``MANY_SPOTS_IDLE`` the seconds
after which a silent worker counts as dead. Keys are kept in the environment only, never
in the queue, in Redis, in a log or in a file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import cache
from itertools import zip_longest
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

import attrs
from redis.asyncio import Redis
from redis.exceptions import RedisError
from taskiq import AckableMessage, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from meltingspot_async import BASE_URL, DOCUMENTED_LIMITS, MeltingSpotClient, to_dict
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter

logger = logging.getLogger("many_spots")

REDIS_URL = os.environ.get("MANY_SPOTS_REDIS", "redis://localhost:6379")
IDLE_SECONDS = float(os.environ.get("MANY_SPOTS_IDLE", "60"))


@attrs.frozen
class Spot:
    """One Spot, as the file describes it."""

    name: str = attrs.field(
        validator=attrs.validators.matches_re("[a-z0-9][a-z0-9_-]*")
    )
    """Stands in the queue and names a folder, so it is a plain word."""
    key_env: str
    """The environment variable that holds its key."""
    courses: list[str]
    """Ids of the courses to export."""
    base_url: str = BASE_URL

    @property
    def key(self) -> str:
        """Its key."""
        key = os.environ.get(self.key_env)
        if not key:
            raise SystemExit(
                f"Set {self.key_env} to the secret key of the Spot {self.name!r}."
            )
        return key


@attrs.frozen
class Settings:
    """The contents of the file."""

    out: Path
    spots: dict[str, Spot]

    def file_of(self, spot: str, course: str) -> Path:
        """Where a course is written: whatever its id is, in the Spot's own folder."""
        # A dot is quoted, too: no name begins with one, or begins another.
        name = quote(course, safe="").replace(".", "%2E")
        return self.out / self.spots[spot].name / f"{name}.jsonl"


@cache
def settings() -> Settings:
    """The settings, read once."""
    file = Path(os.environ.get("MANY_SPOTS_FILE", "many_spots.toml"))
    document = tomllib.loads(file.read_text())
    spots = {
        name: Spot(name=name, **table) for name, table in document["spots"].items()
    }
    return Settings(file.parent / document["out"], spots)


class ReclaimingBroker(RedisStreamBroker):
    """The broker of taskiq-redis, made reliable for long tasks and for quiet queues.

    The broker of taskiq-redis 1.2.4 looks for tasks of a killed worker only after a
    *new* task has arrived, takes a task from a worker that is still busy with it once
    ``idle_timeout`` has passed, and keeps every task in the stream for ever. This one
    looks before every read, reports to Redis four times per ``idle_timeout`` which
    tasks are being worked on, and deletes finished tasks: the stream holds what is left
    to do.
    """

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self._held: set[bytes] = set()
        self._heartbeat: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Begin the reports to Redis, if this is a worker."""
        await super().startup()
        if self.is_worker_process:
            self._heartbeat = asyncio.create_task(self._hold())

    async def shutdown(self) -> None:
        """Stop the reports. Other workers take the tasks still held."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        await super().shutdown()

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """One task at a time, beginning with those whose worker is silent."""
        redis = self._redis()
        seen_until = b"0-0"
        group, me = self.consumer_group_name, self.consumer_name
        while True:
            seen_until, found, *_ = await redis.xautoclaim(
                self.queue_name, group, me, self.idle_timeout, seen_until, count=1
            )
            if not found:
                streams = await redis.xreadgroup(
                    group, me, {self.queue_name: ">"}, count=1, block=self.block
                )
                found = [entry for _, entries in streams for entry in entries]
            for entry, fields in found:
                self._held.add(entry)
                yield AckableMessage(data=fields[b"data"], ack=self._done(entry))

    async def waiting(self) -> set[tuple[Any, ...]]:
        """The arguments of every unfinished task."""
        redis = self._redis()
        entries = await redis.xrange(self.queue_name)
        return {
            tuple(self.formatter.loads(fields[b"data"]).args) for _, fields in entries
        }

    def _redis(self) -> Any:
        # redis-py 8 types the answers of all versions of the protocol as one, which
        # says nothing of a stream.
        return Redis(connection_pool=self.connection_pool)

    def _done(self, entry: bytes) -> Callable[[], Awaitable[None]]:
        async def ack() -> None:
            self._held.discard(entry)
            async with self._redis().pipeline() as both:
                both.xack(self.queue_name, self.consumer_group_name, entry)
                both.xdel(self.queue_name, entry)
                await both.execute()

        return ack

    async def _hold(self) -> None:
        """Set the idle time of the tasks held to 0, again and again."""
        redis = self._redis()
        while True:
            await asyncio.sleep(self.idle_timeout / 4000)
            try:
                if held := list(self._held):
                    await redis.xclaim(
                        self.queue_name,
                        self.consumer_group_name,
                        self.consumer_name,
                        0,
                        held,
                        justid=True,
                    )
            except RedisError as error:  # the next beat may get through
                logger.warning(
                    "Redis did not get the report of the tasks held: %s", error
                )


broker = ReclaimingBroker(
    REDIS_URL,
    queue_name="many-spots",
    consumer_group_name="exporters",
    consumer_name=f"{socket.gethostname()}-{os.getpid()}",  # who has a task
    consumer_id="0",  # tasks enqueued before the first worker started count, too
    idle_timeout=int(IDLE_SECONDS * 1000),
)

clients: dict[str, MeltingSpotClient] = {}
"""One client per Spot in this process."""


limiters: list[RedisSlidingWindowLimiter] = []


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_clients(_: TaskiqState) -> None:
    """Make the clients of this worker, each with the limit of its key, which all
    workers share.
    """
    for spot in settings().spots.values():
        limiter = RedisSlidingWindowLimiter.from_url(
            REDIS_URL, DOCUMENTED_LIMITS, key=spot.name
        )
        clients[spot.name] = MeltingSpotClient(
            spot.key, base_url=spot.base_url, limiter=limiter
        )
        limiters.append(limiter)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close_clients(_: TaskiqState) -> None:
    """Close them."""
    for client in clients.values():
        await client.aclose()
    for limiter in limiters:
        await limiter.aclose()


class WholeFile:
    """A file that exists whole or not at all, however often and by however many workers
    at once it is written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._part = NamedTemporaryFile(  # noqa: SIM115 - closed by publish or discard
            "w",
            encoding="utf-8",
            dir=file.parent,
            prefix=f".{file.stem}.",
            suffix=".part",
            delete=False,
        )

    def write(self, lines: list[str]) -> None:
        """Add lines."""
        self._part.writelines(f"{line}\n" for line in lines)

    def publish(self) -> None:
        """Put the file in its place, on the disk and not in a cache."""
        self._part.flush()
        os.fsync(self._part.fileno())
        self._part.close()
        try:
            Path(self._part.name).replace(self._file)
        except (
            FileNotFoundError
        ):  # another worker had the same task, finished first, and tidied up
            if not self._file.exists():
                raise
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        for left in self._file.parent.glob(
            f".{self._file.stem}.*.part"
        ):  # by a killed worker
            left.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the unfinished file, if the work was not published."""
        Path(self._part.name).unlink(missing_ok=True)
        self._part.close()  # last, for it fails on a full disk


@broker.task(task_name="export")
async def export(spot: str, course: str) -> None:
    """Write all participants of a course of a Spot. Repeated, it does nothing; done
    twice at once, no harm.
    """
    file = settings().file_of(spot, course)
    if await asyncio.to_thread(file.exists):
        return
    whole = await asyncio.to_thread(WholeFile, file)
    try:
        count = 0
        async for page in clients[spot].course_participants.list(course).pages():
            lines = [
                json.dumps(to_dict(participant), ensure_ascii=False)
                for participant in page.items
            ]
            await asyncio.to_thread(whole.write, lines)
            count += len(lines)
        await asyncio.to_thread(whole.publish)
    finally:
        await asyncio.to_thread(whole.discard)
    logger.info("%s/%s: %d participants", spot, course, count)


async def enqueue() -> int:
    """Enqueue every course that has no file and is not in the queue yet; returns how
    many those were.
    """
    await broker.startup()
    try:
        waiting = await broker.waiting()
        by_spot = [
            [(spot.name, course) for course in spot.courses]
            for spot in settings().spots.values()
        ]
        # By turns, so that all keys are at work at the same time.
        tasks = [
            task for turn in zip_longest(*by_spot) for task in turn if task is not None
        ]
        new = [
            task
            for task in tasks
            if task not in waiting and not settings().file_of(*task).exists()
        ]
        for spot, course in new:
            await export.kiq(spot, course)
    finally:
        await broker.shutdown()
    return len(new)


if __name__ == "__main__":
    print(asyncio.run(enqueue()), "courses enqueued")

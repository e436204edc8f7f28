"""The limit in a file, on the disk of the current folder: ``python -m tests.benchmarks.sqlite_limiter [PART...]``.

Figures to be read; they pass or fail nothing. It needs ``pip install uvicorn``, and a redis-server for a comparison.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import socket
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis

from meltingspot_async import (
    DOCUMENTED_LIMITS,
    AttemptStarted,
    Event,
    MeltingSpotClient,
    Priority,
    RateLimit,
    RateLimiter,
    SlidingWindowLimiter,
)
from meltingspot_async.rate_limit._limits import DAY
from meltingspot_async.rate_limit._shared import SharedLimiter
from meltingspot_async.redis_limit import RedisSlidingWindowLimiter
from meltingspot_async.sqlite_limit import SqliteSlidingWindowLimiter
from meltingspot_async.testing import FakeMeltingSpot
from tests.support.redis_server import redis_server

from .killed_process import share_of_a_killed_process
from .measure import show

PROCESSES, REQUESTS = 4, 800
LIMIT, A_DAY = RateLimit(100, per=1.0), RateLimit(50_000, per=DAY)
COLD, WARM = 0.3, 0.01
LEASE, HELD = 18.0, 50
KILLS = 20
SLOTS, ROUNDS = 50, 60
CROWD, EACH = 50, 20
SECONDS, WAITING = 40, 150


def limiter_in(
    path: Path, *limits: RateLimit, key: str = "k", lease: float = 30.0
) -> SqliteSlidingWindowLimiter:
    return SqliteSlidingWindowLimiter(path, limits, key=key, lease=lease)


async def started(role: str, *arguments: object) -> Process:
    """A process of this file, once it says that it is ready."""
    command = [sys.executable, "-m", __spec__.name, role, *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    return process


# What the processes do ------------------------------------------------------------------------------------------------


async def work(path: Path, base_url: str) -> None:
    """One of the processes: its part of the requests, all at once."""
    limiter = limiter_in(path, LIMIT, A_DAY)
    async with MeltingSpotClient(FakeMeltingSpot.api_key, base_url=base_url, limiter=limiter) as client:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        one = client.with_options(coalesce=False).course_participants
        await asyncio.gather(*(one.get("c", "participant-0") for _ in range(REQUESTS // PROCESSES)))
    print(limiter._steps, flush=True)
    await limiter.aclose()


async def hold(path: Path) -> None:
    """Hold slots until somebody kills the process."""
    limiter = limiter_in(path, LIMIT, lease=LEASE)
    slots = [limiter.slot() for _ in range(HELD)]
    await asyncio.gather(*(slot.__aenter__() for slot in slots))
    print("ready", flush=True)
    await asyncio.sleep(3_600)


async def loop(path: Path) -> None:
    """Use slots one after the other, and say so, until somebody kills the process."""
    limiter = limiter_in(path, RateLimit(10**6, per=1.0), RateLimit(10**6, per=DAY))
    print("ready", flush=True)
    while True:
        async with limiter.slot():
            pass
        print("used", flush=True)


async def batch(path: Path, base_url: str) -> None:
    """A nightly batch, which always has requests waiting."""
    limiter = limiter_in(path, *DOCUMENTED_LIMITS)
    async with MeltingSpotClient(
        FakeMeltingSpot.api_key, base_url=base_url, limiter=limiter, coalesce=False
    ) as client:
        participants = client.with_options(priority=Priority.BULK).course_participants

        async def ask() -> None:
            while True:
                await participants.get("c", "participant-1")

        print("ready", flush=True)
        await asyncio.gather(*(ask() for _ in range(WAITING)))


class WebApp:
    """A page that shows one participant, as an ASGI application: each worker of a server has one."""

    def __init__(self, path: Path, base_url: str) -> None:
        self._waited = 0.0
        self._limiter = limiter_in(path, *DOCUMENTED_LIMITS)
        self._base_url = base_url
        self._client: MeltingSpotClient | None = None

    def _note(self, event: Event) -> None:
        if isinstance(event, AttemptStarted):
            self._waited = event.waited

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] != "http":
            return
        if self._client is None:
            self._client = MeltingSpotClient(
                FakeMeltingSpot.api_key, base_url=self._base_url, limiter=self._limiter, on_event=self._note
            )
        number = scope["path"].removeprefix("/")
        await self._client.course_participants.get("c", f"participant-{number}")
        body = json.dumps(self._waited).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def web_app() -> WebApp:
    """The application of a worker, by its environment."""
    return WebApp(Path(os.environ["LIMIT_FILE"]), os.environ["BASE_URL"])


def use_one(path: Path) -> None:
    """What a process does that was forked or spawned."""
    asyncio.run(_use_one(path))


async def _use_one(path: Path) -> None:
    limiter = limiter_in(path, LIMIT, A_DAY)
    async with limiter.slot():
        pass
    await limiter.aclose()


# What is measured -----------------------------------------------------------------------------------------------------


async def cost_of_a_slot(path: Path) -> None:
    """Microseconds from asking for a slot to giving it back, in the best round: others use the machine, too."""

    async def measure(name: str, limiter: RateLimiter) -> None:
        async def use() -> None:
            async with limiter.slot():
                pass

        async def one_after_the_other() -> None:
            for _ in range(SLOTS):
                await use()

        async def together() -> None:
            await asyncio.gather(*(use() for _ in range(SLOTS)))

        await use()
        for how, run in (("one after the other", one_after_the_other), ("50 together", together)):
            rounds: list[float] = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                await run()
                rounds.append((time.perf_counter() - begun) / SLOTS * 1e6)
            show(f"{name}: microseconds for a slot, {how}", min(rounds))
        if isinstance(limiter, SharedLimiter):
            await limiter.aclose()

    wide = [RateLimit(10**9, per=10.0), RateLimit(10**9, per=DAY)]
    await measure("memory", SlidingWindowLimiter(wide))
    await measure("file", limiter_in(path, *wide))
    with redis_server() as server:
        async with Redis(unix_socket_path=server.socket) as redis:
            await measure("Redis", RedisSlidingWindowLimiter(redis, wide, key="k"))


async def many_processes(path: Path, cold: float) -> None:
    """What the service receives from four processes that all have more to send than they may."""
    async with FakeMeltingSpot(limits=[LIMIT], cold=cold, warm=WARM) as fake:
        fake.seed("c", 1)
        processes = [await started("work", path, fake.base_url) for _ in range(PROCESSES)]
        said = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
        took = fake.received[-1].at - fake.received[0].at
    name = f"{PROCESSES} processes, {'cold' if cold > WARM else 'warm'} connections"
    show(f"{name}: most received in a window of {LIMIT.requests}", fake.most_received(LIMIT.per))
    show(f"{name}: answers 429", sum(request.refused for request in fake.received))
    own = REQUESTS / LIMIT.requests - 1
    show(f"{name}: first to last of {REQUESTS} / the limit's own time", took / own)
    show(f"{name}: steps / request", sum(int(out) for out, _ in said) / REQUESTS)


async def killed(path: Path) -> None:
    """How long the slots of a killed process are missing."""
    holder = await started("hold", path)
    holder.kill()
    begun = time.perf_counter()
    limiter = limiter_in(path, LIMIT, lease=LEASE)
    await share_of_a_killed_process(limiter, LIMIT.requests, LEASE, begun)
    await limiter.aclose()
    await holder.wait()


async def random_kills(path: Path) -> None:
    """What is in the file after processes were killed at random moments, several of them at work at a time."""
    used, sound = 0, 0
    for _ in range(KILLS // 4):
        processes = [await started("loop", path) for _ in range(4)]
        for process in processes:
            await asyncio.sleep(random.uniform(0.0, 0.3))
            process.kill()
        for process in processes:
            out, _ = await process.communicate()
            used += out.count(b"used")
        file = sqlite3.connect(path)
        sound += file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        file.close()
    limiter = limiter_in(path, RateLimit(10**6, per=1.0), RateLimit(10**6, per=DAY))
    counted = 10**6 - min((await limiter.free()).values())
    await limiter.aclose()
    show(f"{KILLS} kills at random moments: files found whole, of {KILLS // 4}", sound)
    show(f"{KILLS} kills at random moments: slots used", used)
    show(
        f"{KILLS} kills at random moments: counted beyond them ({KILLS} at most were in use)", counted - used
    )


async def early_return(path: Path) -> None:
    """How long another process takes to find a slot that was given back unused."""
    one, other = limiter_in(path, RateLimit(1, per=1_000.0)), limiter_in(path, RateLimit(1, per=1_000.0))
    waits: list[float] = []
    for _ in range(5):
        async with asyncio.timeout(30.0):
            held = one.slot()
            await held.__aenter__()
            waiting = asyncio.create_task(other.slot().__aenter__())
            await asyncio.sleep(random.uniform(0.3, 1.3))
            begun = time.perf_counter()
            one._held -= 1  # as a request that was never sent
            one._report()
            await waiting
            waits.append(time.perf_counter() - begun)
            other._held -= 1
            other._report()
            await asyncio.sleep(0.1)
    show("a slot given back early: seconds until another process has it, at most", max(waits))
    await one.aclose()
    await other.aclose()


async def crowd(path: Path) -> None:
    """What many processes with a queue cost: as many limiters, each with its thread and connection."""
    limit = RateLimit(200, per=1.0)
    limiters = [limiter_in(path, limit, A_DAY) for _ in range(CROWD)]

    async def use(limiter: RateLimiter) -> None:
        async with limiter.slot():
            await asyncio.sleep(WARM)

    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(use(limiter) for limiter in limiters for _ in range(EACH)))
    took, worked = time.perf_counter() - begun, time.process_time() - used
    steps = sum(limiter._steps for limiter in limiters)
    show(f"{CROWD} limiters of one file: steps / slot", steps / (CROWD * EACH))
    show(f"{CROWD} limiters of one file: time / the limit's own", took / (CROWD * EACH / limit.requests - 1))
    show(f"{CROWD} limiters of one file: share of a processor", worked / took)
    await asyncio.gather(*(limiter.aclose() for limiter in limiters))


def forked_and_spawned(path: Path) -> None:
    """Whether processes of both kinds count together."""
    for context in (multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")):
        processes = [context.Process(target=use_one, args=(path,)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

    async def count() -> int:
        limiter = limiter_in(path, LIMIT, A_DAY)
        free = await limiter.free()
        await limiter.aclose()
        return A_DAY.requests - free[A_DAY]

    show("slots counted of 4 processes that were forked and 4 that were spawned", asyncio.run(count()))


async def opened(port: int) -> None:
    """Wait until a server accepts connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return


async def web_workers(path: Path) -> None:
    """How long pages of uvicorn with four workers wait beside a batch."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    async with FakeMeltingSpot(cold=0.25, warm=0.2) as fake:
        fake.seed("c", 500)
        beside = await started("batch", path, fake.base_url)
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{__spec__.name}:web_app", "--workers", "4"),
            *("--port", str(port), "--log-level", "warning", "--lifespan", "off"),
            env={
                "LIMIT_FILE": str(path),
                "BASE_URL": fake.base_url,
                "PYTHONPATH": ":".join(filter(None, sys.path)),
            },
        )
        waits: list[float] = []
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:

            async def load(number: int) -> None:
                async with session.get(f"http://127.0.0.1:{port}/{number}") as page:
                    waits.append(float(await page.text()))

            for _ in range(8):  # until all workers are likely to have started
                await opened(port)
            pages: list[asyncio.Task[None]] = []
            for number in range(2 * SECONDS):
                await asyncio.sleep(0.5)
                pages.append(asyncio.create_task(load(number)))
            await asyncio.gather(*pages)
        beside.kill()
        server.terminate()
        await beside.communicate()
        await server.wait()
    waits.sort()
    show("uvicorn, 4 workers, and a batch: pages", len(waits))
    show(
        "uvicorn, 4 workers, and a batch: seconds that 95 % of the pages wait", waits[int(0.95 * len(waits))]
    )
    show("uvicorn, 4 workers, and a batch: seconds that a page waits at most", waits[-1])
    show("uvicorn, 4 workers, and a batch: most received in a window of 100", fake.most_received(10.0))
    show("uvicorn, 4 workers, and a batch: answers 429", sum(request.refused for request in fake.received))
    took = fake.received[-1].at - fake.received[0].at
    show("uvicorn, 4 workers, and a batch: answers in a second", len(fake.received) / took)


PARTS: dict[str, Callable[[Path], Coroutine[Any, Any, None]]] = {
    "cost": cost_of_a_slot,
    "cold": partial(many_processes, cold=COLD),
    "warm": partial(many_processes, cold=WARM),
    "early": early_return,
    "crowd": crowd,
    "kills": random_kills,
    "lease": killed,
    "web": web_workers,
}


def main(folder: Path, *names: str) -> None:
    """Measure these parts, or all."""
    if not names:
        forked_and_spawned(folder / "processes")
    for name in names or PARTS:
        asyncio.run(PARTS[name](folder / name))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["work", path, base_url]:
            asyncio.run(work(Path(path), base_url))
        case ["hold", path]:
            asyncio.run(hold(Path(path)))
        case ["loop", path]:
            asyncio.run(loop(Path(path)))
        case ["batch", path, base_url]:
            asyncio.run(batch(Path(path), base_url))
        case names:
            with tempfile.TemporaryDirectory(dir=".") as made:
                main(Path(made).absolute(), *names)

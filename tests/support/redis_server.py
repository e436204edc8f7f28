"""A redis-server of the tests' own, on a unix socket in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from meltingspot_async.redis_limit._store import RedisCommands


class RedisServer:
    """Can be stopped as machines stop, and started again empty."""

    def __init__(self, binary: str, directory: str) -> None:
        self._binary = binary
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._log = Path(directory) / "log"
        self.socket = str(Path(directory) / "s")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start, empty, and wait until it answers.

        :raises RuntimeError: the server has exited, with what it printed.
        """
        arguments = ["--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", self._directory]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([self._binary, *arguments], stdout=log, stderr=log)
        with Redis(unix_socket_path=self.socket, retry=Retry(NoBackoff(), 0)) as redis:
            while self._process.poll() is None:
                try:
                    redis.ping()
                except RedisError:
                    time.sleep(0.01)
                else:
                    return
        raise RuntimeError(
            f"redis-server exited with code {self._process.returncode}: {self._log.read_text().strip()}"
        )

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


async def ask(server: RedisServer, *command: object) -> Any:
    """The reply of Redis itself to a command."""
    async with AsyncRedis(unix_socket_path=server.socket) as redis:
        return await cast("RedisCommands", redis).execute_command(*command)


@contextmanager
def redis_server() -> Generator[RedisServer, None, None]:
    """A running server. Without a binary: skips, but fails in CI."""
    binary = shutil.which("redis-server")
    if binary is None:
        reason = "there is no redis-server on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="redis") as directory:  # a socket's path must be short
        server = RedisServer(binary, directory)
        server.start()
        try:
            yield server
        finally:
            server.kill()

"""The server that these tests start."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.redis_server import RedisServer


def test_server_that_exits_is_an_error_with_its_output(tmp_path: Path) -> None:
    """A redis-server that cannot start fails the test at once and says why, instead of being waited for."""
    binary = tmp_path / "redis-server"
    binary.write_text("#!/bin/sh\necho out of memory\nexit 3\n")
    binary.chmod(0o700)
    with pytest.raises(RuntimeError, match="exited with code 3: out of memory"):
        RedisServer(str(binary), str(tmp_path)).start()

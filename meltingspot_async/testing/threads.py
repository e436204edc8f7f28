"""A thread with an event loop, for programs that have none, or another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager


@contextmanager
def in_thread(
    start: Callable[[], Coroutine[None, None, object]], stop: Callable[[], Coroutine[None, None, object]]
) -> Generator[None, None, None]:
    """Run something on an event loop of its own, in a thread, from its start before the block to its stop after it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

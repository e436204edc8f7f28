"""The table of requests under way, at the moments a socket cannot be made to hit."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

from meltingspot_async import MeltingSpotClient
from meltingspot_async._http.call import Call
from meltingspot_async._http.coalescing import InFlight

from ..support.calls import PATH


def table() -> InFlight[None]:
    """A table that reports nothing."""
    return InFlight(lambda call, theirs: None)


async def ask(table: InFlight[None], request: Callable[[], Awaitable[None]]) -> None:
    """Make an ordinary call, all of which are for the same, whose request is that one if it makes one."""

    async def fetch(call: Call, url: str) -> None:
        await request()

    options = MeltingSpotClient("k").session_manager.options
    await table.answer(Call.begin(PATH, options), "url", fetch)


async def test_request_just_answered_is_not_joined() -> None:
    """A caller who asks between the end of a request and the waking of its callers starts a request of its own."""
    requests, made = table(), list[str]()
    late: list[asyncio.Task[None]] = []

    async def first() -> None:
        made.append("first")
        asyncio.get_running_loop().call_soon(lambda: late.append(asyncio.create_task(ask(requests, second))))

    async def second() -> None:
        made.append("second")
        await asyncio.sleep(1.0)

    async def third() -> None:
        made.append("third")

    await ask(requests, first)
    await asyncio.sleep(0.5)
    await ask(requests, third)
    assert late[0].done()
    assert made == ["first", "second"]
    await ask(requests, third)
    assert made[-1] == "third"


async def test_second_cancellation_does_not_keep_the_request_alive() -> None:
    """A caller cancelled again while it waits for its request to end leaves nothing running, and nothing to join."""
    requests, ended, asked_again = table(), asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            await asyncio.sleep(5.0)
            ended.set()
            raise

    async def again() -> None:
        asked_again.set()

    caller = asyncio.create_task(ask(requests, stubborn))
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await ask(requests, again)
    assert asked_again.is_set()
    assert not ended.is_set()
    await asyncio.wait_for(ended.wait(), 10.0)


async def test_failure_without_a_caller_left_is_not_reported() -> None:
    """When a request fails after its last caller was cancelled, asyncio reports no exception that nobody retrieved."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, found: complaints.append(found.get("exception"))
    )

    async def fail() -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            raise RuntimeError("too late") from None

    caller = asyncio.create_task(ask(table(), fail))
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    del caller
    gc.collect()
    assert not [complaint for complaint in complaints if isinstance(complaint, RuntimeError)]

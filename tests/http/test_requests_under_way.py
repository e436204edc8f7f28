"""The table of requests under way, at the moments a socket cannot be made to hit."""

from __future__ import annotations

import asyncio
import gc

from meltingspot_async._http.coalescing import InFlight


def any_terms(_: object) -> bool:
    """Whatever the terms."""
    return True


async def test_request_just_answered_is_not_joined() -> None:
    """A caller who asks between the end of a request and the waking of its callers starts a request of its own."""
    table: InFlight[None, str] = InFlight()
    late: list[asyncio.Task[str]] = []

    async def first() -> str:
        asyncio.get_running_loop().call_soon(lambda: late.append(asyncio.create_task(ask_again())))
        return "first"

    async def ask_again() -> str:
        assert not table.find("k", any_terms)
        return await table.join("k", table.begin("k", None, second()))

    async def second() -> str:
        await asyncio.sleep(1.0)
        return "second"

    assert await table.join("k", table.begin("k", None, first())) == "first"
    assert table.find("k", any_terms)
    assert await late[0] == "second"
    assert not table.find("k", any_terms)


async def test_second_cancellation_does_not_keep_the_request_alive() -> None:
    """A caller cancelled again while it waits for its request to end leaves nothing running."""
    table: InFlight[None, None] = InFlight()
    ended = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            await asyncio.sleep(5.0)
            ended.set()
            raise

    caller = asyncio.create_task(table.join("k", table.begin("k", None, stubborn())))
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert not table.find("k", any_terms)
    await asyncio.wait_for(ended.wait(), 10.0)


async def test_failure_without_a_caller_left_is_not_reported() -> None:
    """When a request fails after its last caller was cancelled, asyncio reports no exception that nobody retrieved."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, found: complaints.append(found.get("exception"))
    )
    table: InFlight[None, None] = InFlight()

    async def fail() -> None:
        try:
            await asyncio.sleep(100.0)
        except asyncio.CancelledError:
            raise RuntimeError("too late") from None

    caller = asyncio.create_task(table.join("k", table.begin("k", None, fail())))
    await asyncio.sleep(1.0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    del caller
    gc.collect()
    assert not [complaint for complaint in complaints if isinstance(complaint, RuntimeError)]

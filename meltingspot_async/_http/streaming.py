"""The lines of one answer, as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

from .json_lines import JsonLines
from .transport import Request, StreamedResponse

T = TypeVar("T")
MakeScope = Callable[[], AbstractAsyncContextManager[None]]
"""Makes what bounds a wait for the service, other than the time that the caller takes."""


@asynccontextmanager
async def entered_within(
    scope: MakeScope, manager: AbstractAsyncContextManager[T]
) -> AsyncGenerator[T, None]:
    """A context whose beginning is bounded, but not what happens in it."""
    async with AsyncExitStack() as stack:
        async with scope():
            entered = await stack.enter_async_context(manager)
        yield entered


async def lines_of(
    answer: StreamedResponse, request: Request, scope: MakeScope
) -> AsyncGenerator[bytes, None]:
    """The lines of an answer that are not blank, with ``request.timeout`` seconds from one to the next.

    The seconds that the caller takes for a line do not count.

    :param scope: what bounds each wait for the service besides.
    :raises TransportError: the answer broke off, or no line arrived in time.
    :raises InvalidResponseError: a line is too long.
    """
    clock, lines = asyncio.get_running_loop().time, JsonLines(request.path)
    left = request.timeout
    while True:
        began = clock()
        async with scope():
            piece = await answer.read(left)
        if not piece:
            break
        left -= clock() - began
        for line in lines.feed(piece):
            left = request.timeout
            yield line
    for line in lines.end():
        yield line

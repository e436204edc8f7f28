"""Many items by their ids, with as few requests as it takes: plan, fetch, yield."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Coroutine, Iterable
from contextlib import aclosing
from itertools import islice
from typing import Generic, TypeVar

import attrs

from ..errors import (
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    MeltingSpotError,
    NotFoundError,
    PermissionDeniedError,
    UsageError,
)
from .listing import HasId, Page, PageWalk, next_page

WINDOW = 1_000
"""Ids of a stream that are planned at a time."""

WORTH_A_PAGE = 3
"""Ids from which on a page is tried first: it may hold all of them."""

PERHAPS_SINGLY = (BadRequestError, InvalidResponseError, PermissionDeniedError)
"""Errors of a page that need not be those of each item."""

REFUSES_ALL = (AuthenticationError, PermissionDeniedError)
"""Errors of an item that are those of all the others: they are not asked for."""

I = TypeVar("I", bound=HasId)  # noqa: E741 - an item

Ids = Iterable[str] | AsyncIterable[str]


@attrs.frozen
class FetchResult(Generic[I]):
    """What became of one id: a value, or the error that asking for it ended with."""

    id: str
    """The id asked for."""
    value: I | None
    """The item, or ``None`` if there is an error."""
    error: MeltingSpotError | None
    """Why there is no item, or ``None``."""


@attrs.frozen
class Source(Generic[I]):
    """The two ways to an item: singly by its id, and by the page."""

    get: Callable[[str], Coroutine[object, object, I]]
    page: Callable[[int], Coroutine[object, object, Page[I]]]
    limit: int
    """Items asked for per page."""


async def get_many(
    source: Source[I], ids: Ids, concurrency: int, *, raising: bool
) -> AsyncGenerator[FetchResult[I], None]:
    """One result for each distinct id, as they come; see ``course_participants.get_many``."""
    async with aclosing(_results(source, ids, concurrency)) as results:
        async for result in results:
            if raising and result.error is not None:
                raise result.error
            yield result


async def _results(source: Source[I], ids: Ids, concurrency: int) -> AsyncGenerator[FetchResult[I], None]:
    pages = 0
    async with aclosing(_windows(ids)) as windows:
        async for wanted in windows:
            if len(wanted) >= WORTH_A_PAGE and pages < len(wanted):
                walk: PageWalk[I] = PageWalk(source.limit)
                async with aclosing(_from_pages(source, walk, wanted)) as found:
                    async for result in found:
                        yield result
                pages = walk.pages
            async with aclosing(_singly(source, wanted, concurrency)) as fetched:
                async for result in fetched:
                    yield result


async def _windows(ids: Ids) -> AsyncGenerator[dict[str, None], None]:
    """The distinct ids: of a collection all at once, of a stream a window at a time."""
    window: dict[str, None] = {}
    size = math.inf if isinstance(ids, Collection) else WINDOW
    async for item in ids if isinstance(ids, AsyncIterable) else _asynchronous(ids):
        if not isinstance(item, str):
            raise UsageError(f"ids must be texts, not {type(item).__name__}.")
        window[item] = None
        if len(window) >= size:
            yield window
            window = {}
    if window:
        yield window


async def _asynchronous(ids: Iterable[str]) -> AsyncGenerator[str, None]:
    for item in ids:
        yield item


async def _from_pages(
    source: Source[I], walk: PageWalk[I], wanted: dict[str, None]
) -> AsyncGenerator[FetchResult[I], None]:
    """Read pages while fewer of them are left than ids. What they hold is wanted no longer."""
    while walk.next_page is not None and walk.pages_left < len(wanted):
        try:
            come = await next_page(walk, source.page(walk.next_page))
        except MeltingSpotError as error:
            if isinstance(error, PERHAPS_SINGLY) or (isinstance(error, NotFoundError) and walk.has_begun):
                return
            for item_id in wanted:
                yield FetchResult(item_id, None, error)
            wanted.clear()
            return
        for item in (item for page in come for item in page.items):
            if item.id in wanted:
                del wanted[item.id]
                yield FetchResult(item.id, item, None)


async def _singly(
    source: Source[I], wanted: dict[str, None], concurrency: int
) -> AsyncGenerator[FetchResult[I], None]:
    """Ask for each id by itself, a few at a time, until the key turns out not to be allowed to."""
    left = iter(wanted)
    refused: MeltingSpotError | None = None
    running = {asyncio.create_task(_one(source, item_id)) for item_id in islice(left, concurrency)}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                result = task.result()
                if isinstance(result.error, REFUSES_ALL):
                    refused = result.error
                if refused is None:
                    running |= {asyncio.create_task(_one(source, item_id)) for item_id in islice(left, 1)}
                yield result
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
    for item_id in left:
        yield FetchResult(item_id, None, refused)


async def _one(source: Source[I], item_id: str) -> FetchResult[I]:
    try:
        return FetchResult(item_id, await source.get(item_id), None)
    except MeltingSpotError as error:
        return FetchResult(item_id, None, error)

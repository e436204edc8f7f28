"""Many items by their ids, with as few requests as possible: pages while they help, then single items."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable
from contextlib import aclosing
from itertools import islice
from typing import Generic, TypeVar

import attrs

from ..errors import (
    AuthenticationError,
    BadRequestError,
    InvalidResponseError,
    MeltingSpotError,
    PermissionDeniedError,
    UsageError,
)
from .cursor import PageCursor
from .page import Page
from .reading import Reading
from .service_list import ServiceList

STREAM_BATCH = 1_000
"""Distinct ids of a stream that are planned together."""

MIN_IDS_FOR_A_PAGE = 3
"""Ids from which on a page is requested first: it may hold all of them."""

MAY_SPARE_ITEMS = (BadRequestError, InvalidResponseError, PermissionDeniedError)
"""Errors of a page that its single items need not share."""

CONCERNS_ALL_ITEMS = (AuthenticationError, PermissionDeniedError)
"""Errors of a single item that all others would share: they are not requested."""

T = TypeVar("T")

Ids = Iterable[str] | AsyncIterable[str]


@attrs.frozen
class FetchResult(Generic[T]):
    """The outcome for one id: a value, or the error with which its request ended."""

    id: str
    """The id asked for."""
    value: T | None
    """The item, or ``None`` if there is an error."""
    error: MeltingSpotError | None
    """Why there is no item, or ``None``."""


async def get_many(
    source: ServiceList[T], ids: Ids, concurrency: int, *, raising: bool
) -> AsyncGenerator[FetchResult[T], None]:
    """One result for each distinct id, as they arrive; see ``course_participants.get_many``."""
    async with aclosing(_results(source, ids, concurrency)) as results:
        async for result in results:
            if raising and result.error is not None:
                raise result.error
            yield result


async def _results(
    source: ServiceList[T], ids: Ids, concurrency: int
) -> AsyncGenerator[FetchResult[T], None]:
    pages = 0
    async with aclosing(_batches(ids)) as batches:
        async for wanted in batches:
            if len(wanted) >= MIN_IDS_FOR_A_PAGE and pages < len(wanted):
                cursor = PageCursor(source.page_size, habits=source.habits)
                async with aclosing(_from_pages(source, cursor, wanted)) as found:
                    async for result in found:
                        yield result
                pages = cursor.pages
            async with aclosing(_singly(source, wanted, concurrency)) as fetched:
                async for result in fetched:
                    yield result


async def _batches(ids: Ids) -> AsyncGenerator[dict[str, None], None]:
    """The distinct ids: of a collection all at once, of a stream a batch at a time."""
    batch: dict[str, None] = {}
    size = math.inf if isinstance(ids, Collection) else STREAM_BATCH
    async for item_id in ids if isinstance(ids, AsyncIterable) else _asynchronous(ids):
        if not isinstance(item_id, str):
            raise UsageError(f"ids must be texts, not {type(item_id).__name__}.")
        batch[item_id] = None
        if len(batch) >= size:
            yield batch
            batch = {}
    if batch:
        yield batch


async def _asynchronous(ids: Iterable[str]) -> AsyncGenerator[str, None]:
    for item_id in ids:
        yield item_id


async def _from_pages(
    source: ServiceList[T], cursor: PageCursor, wanted: dict[str, None]
) -> AsyncGenerator[FetchResult[T], None]:
    """Read pages while fewer of them are left than ids. The ids found are removed from ``wanted``."""
    async with aclosing(Reading(source, cursor)) as reading:
        while cursor.next_page is not None and not cursor.seems_whole and cursor.pages_left < len(wanted):
            try:
                page = await reading.next(_useful_pages(cursor, wanted))
            except MeltingSpotError as error:
                for item_id in () if isinstance(error, MAY_SPARE_ITEMS) else tuple(wanted):
                    del wanted[item_id]
                    yield FetchResult(item_id, None, error)
                return
            found = _taken(source, page, wanted)
            reading.read_ahead(_useful_pages(cursor, wanted))
            for item_id, item in found.items():
                yield FetchResult(item_id, item, None)


def _useful_pages(cursor: PageCursor, wanted: dict[str, None]) -> int:
    """Pages to have under way at most: as many as could hold the ids, and as many as help more than single requests."""
    return min(cursor.pages_of(len(wanted)), len(wanted) - cursor.pages_left)


def _taken(source: ServiceList[T], page: Page[T] | None, wanted: dict[str, None]) -> dict[str, T]:
    """The wanted items of a page, whose ids are removed from ``wanted``."""
    found = {source.identify(item): item for item in (page.items if page else ())}
    taken = {item_id: item for item_id, item in found.items() if item_id in wanted}
    for item_id in taken:
        del wanted[item_id]
    return taken


async def _singly(
    source: ServiceList[T], wanted: dict[str, None], concurrency: int
) -> AsyncGenerator[FetchResult[T], None]:
    """Request each id by itself, a few at a time, until the service refuses the key."""
    remaining = iter(wanted)
    refusal: MeltingSpotError | None = None
    running = {asyncio.create_task(_one(source, item_id)) for item_id in islice(remaining, concurrency)}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                result = task.result()
                if isinstance(result.error, CONCERNS_ALL_ITEMS):
                    refusal = result.error
                if refusal is None:
                    running |= {
                        asyncio.create_task(_one(source, item_id)) for item_id in islice(remaining, 1)
                    }
                yield result
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
    for item_id in remaining:
        yield FetchResult(item_id, None, refusal)


async def _one(source: ServiceList[T], item_id: str) -> FetchResult[T]:
    try:
        return FetchResult(item_id, await source.item(item_id), None)
    except MeltingSpotError as error:
        return FetchResult(item_id, None, error)

"""The ways in which the client is used. Each asks about the person, with the key, and gives the ids that it got."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meltingspot_async import MeltingSpotClient

from .fault import Way
from .person import EMAIL, NAME
from .service import START

OTHER = "another-participant"

Ids = list[str]


async def _get(client: MeltingSpotClient) -> Ids:
    """Two items, one after the other, so that the second may get what was meant for the first."""
    items = [await client.course_participants.get(EMAIL, item_id) for item_id in (EMAIL, OTHER)]
    return [item.id for item in items]


async def _list(client: MeltingSpotClient) -> Ids:
    """A list of one page, with filters."""
    listing = client.course_participants.list(EMAIL, emails=[EMAIL], firstnames=[NAME])
    return [item.id async for item in listing]


async def _get_many(client: MeltingSpotClient) -> Ids:
    """Two items at the same time, too few for a page."""
    found: Ids = []
    errors: list[Exception] = []
    async for result in client.course_participants.get_many(EMAIL, [EMAIL, OTHER]):
        if result.error is None:
            found.append(result.id)
        else:
            errors.append(result.error)
    if errors:
        raise errors[0]
    return sorted(found, reverse=True)


async def _export(client: MeltingSpotClient) -> Ids:
    """All activities, which takes a second request: for what follows the last one."""
    activities = client.activities.export(from_event_id=START, filters={"email[eq]": EMAIL})
    return [str(activity.id) async for activity in activities]


CALLS: dict[Way, Callable[[MeltingSpotClient], Awaitable[Ids]]] = {
    "get": _get,
    "list": _list,
    "get_many": _get_many,
    "export": _export,
}

WHOLE: dict[Way, Ids] = {
    "get": [EMAIL, OTHER],
    "list": ["0", "1", "2"],
    "get_many": [EMAIL, OTHER],
    "export": ["event-1", "event-2"],
    "command": ["0", "1", "2"],
}
"""What each gets when nothing is wrong."""

CALLS_AT_ONCE: dict[Way, int] = {"get_many": 2}
"""Calls that are made whatever becomes of the first; by default that one only."""

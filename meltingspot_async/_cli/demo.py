"""``meltingspot demo``: the real client against a fake service, with trouble to watch."""

from __future__ import annotations

import asyncio

from rich.console import Console

from ..client import MeltingSpotClient
from ..events import Event, RetryScheduled, Throttled
from ..rate_limit import RateLimit, SlidingWindowLimiter
from .participants import COLUMNS
from .running import run
from .tables import PagedTable

LIMIT = RateLimit(20, per=3.0)
PARTICIPANTS = 24
STRANGER = 10
"""Requests that another program sends with the same key."""


def demo() -> None:
    """Fetch participants from a fake service on this machine: no key, no network, a few seconds."""
    run(run_demo(Console()))


async def run_demo(console: Console) -> None:
    """Fetch participants through a failure, a pause and the limit, and show them."""
    from ..testing import Answer, FakeMeltingSpot  # noqa: PLC0415 - a server, which no other command needs

    clock = asyncio.get_running_loop().time
    started = paused_until = clock()

    def show(event: Event) -> None:
        nonlocal paused_until
        now = clock()
        if isinstance(event, RetryScheduled) and event.reason != "429":
            console.print(f"[yellow]{now - started:5.1f} s[/]  {event.reason}: again in {event.delay:.2f} s")
        if isinstance(event, Throttled) and now + event.pause > paused_until + 0.5:
            paused_until = now + event.pause
            console.print(
                f"[red]{now - started:5.1f} s[/]  429, as the other program sent, too: "
                f"every request pauses for {event.pause:.0f} s"
            )

    async with FakeMeltingSpot(limits=[LIMIT]) as fake:
        ids = fake.seed("onboarding", PARTICIPANTS)
        console.print(
            f"A fake MeltingSpot runs at {fake.base_url}. It takes {LIMIT.requests} requests in any "
            f"{LIMIT.per:g} s, fails once, and another program uses the same key."
        )
        limiter = SlidingWindowLimiter([LIMIT], reserve=0)
        async with (
            MeltingSpotClient(fake.api_key, base_url=fake.base_url) as stranger,
            MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter, on_event=show) as client,
        ):
            fake.fail(Answer(503))
            await client.course_participants.get("onboarding", ids[0])
            await asyncio.gather(*(stranger.course_participants.get("onboarding", i) for i in ids[:STRANGER]))
            found = await asyncio.gather(*(client.course_participants.get("onboarding", i) for i in ids))
        PagedTable(COLUMNS, console).show(found)
        received, refused = len(fake.received), sum(request.refused for request in fake.received)
        console.print(
            f"{len(found)} participants in {clock() - started:.1f} s. The service received {received} requests "
            f"and refused {refused}: this client sent no more than {LIMIT.requests} in {LIMIT.per:g} s, and the "
            f"{STRANGER} of the other program came on top. Every refused request was sent again."
        )

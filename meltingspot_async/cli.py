"""The ``meltingspot`` command (extra ``cli``)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable
from typing import Annotated, NoReturn, TypeVar

try:
    import typer
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
except ImportError:
    raise SystemExit("The command needs an extra: pip install 'meltingspot-async[cli]'") from None

from .client import MeltingSpotClient
from .errors import MeltingSpotError, UsageError
from .events import Event, RetryScheduled, Throttled
from .models import CourseParticipant, ParticipantStatus
from .rate_limit import RateLimit, SlidingWindowLimiter
from .structuring import unstructure
from .testing import Answer, FakeMeltingSpot

T = TypeVar("T")

DEMO_LIMIT = RateLimit(20, per=3.0)
DEMO_PARTICIPANTS = 24
DEMO_STRANGER = 10

_COLOURS = {
    ParticipantStatus.INVITED: "cyan",
    ParticipantStatus.STARTED: "yellow",
    ParticipantStatus.COMPLETED: "green",
    ParticipantStatus.UNENROLLED: "red",
}

# Tracebacks stay plain: a decorated one would show local variables, among them the key.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
participants = typer.Typer(no_args_is_help=True, help="Participants of courses.")
app.add_typer(participants, name="participants")


@app.callback()
def root() -> None:
    """Read a MeltingSpot. The key is taken from MELTINGSPOT_API_KEY."""


@participants.command("get")
def get_participant(
    course_id: str,
    participant_id: str,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, named as the service names it.")
    ] = False,
) -> None:
    """Show one participant of a course."""

    async def fetch() -> CourseParticipant:
        async with MeltingSpotClient.from_env() as client:
            return await client.course_participants.get(course_id, participant_id)

    participant = _run(fetch())
    if as_json:
        typer.echo(json.dumps(unstructure(participant), ensure_ascii=False, indent=2))
    else:
        _details(Console(), participant)


@app.command()
def demo() -> None:
    """Fetch participants from a fake service on this machine: no key, no network, a few seconds."""
    _run(_demo(Console()))


async def _demo(console: Console) -> None:
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
                f"[red]{now - started:5.1f} s[/]  429: every request pauses for {event.pause:.0f} s"
            )

    async with FakeMeltingSpot(limits=[DEMO_LIMIT]) as fake:
        ids = fake.seed("onboarding", DEMO_PARTICIPANTS)
        console.print(
            f"A fake MeltingSpot runs at {fake.base_url}. It takes {DEMO_LIMIT.requests} requests in any "
            f"{DEMO_LIMIT.per:g} s, fails once, and another program uses the same key."
        )
        limiter = SlidingWindowLimiter([DEMO_LIMIT])
        async with (
            MeltingSpotClient(fake.api_key, base_url=fake.base_url) as stranger,
            MeltingSpotClient(fake.api_key, base_url=fake.base_url, limiter=limiter, on_event=show) as client,
        ):
            fake.fail(Answer(503))
            await client.course_participants.get("onboarding", ids[0])
            await asyncio.gather(
                *(stranger.course_participants.get("onboarding", i) for i in ids[:DEMO_STRANGER])
            )
            found = await asyncio.gather(*(client.course_participants.get("onboarding", i) for i in ids))
        _table(console, found)
        console.print(
            f"{len(found)} participants, {len(fake.received)} requests (the other program's "
            f"{DEMO_STRANGER} included), {sum(r.refused for r in fake.received)} of them refused, "
            f"{clock() - started:.1f} s."
        )


def _table(console: Console, found: Iterable[CourseParticipant]) -> None:
    table = Table("Participant", "Name", "Status", "Completion rate", "Last activity")
    for p in found:
        active = p.last_activity_at.date().isoformat() if p.last_activity_at else ""
        table.add_row(_plain(p.id), _name(p), _status(p), str(p.completion_rate), active)
    console.print(table)


def _details(console: Console, participant: CourseParticipant) -> None:
    table = Table(show_header=False, box=None)
    for name, value in unstructure(participant).items():
        table.add_row(
            name, _status(participant) if name == "status" else _plain("" if value is None else value)
        )
    console.print(table)


def _name(participant: CourseParticipant) -> Text:
    names = (participant.spot_member_firstname, participant.spot_member_lastname)
    return _plain(" ".join(name for name in names if name))


def _status(participant: CourseParticipant) -> Text:
    text = _plain(participant.status)
    text.stylize(_COLOURS.get(participant.status, "magenta"))
    return text


def _plain(value: object) -> Text:
    """A text from the service, without control characters that a terminal would obey."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))


def _run(work: Coroutine[object, object, T]) -> T:
    try:
        return asyncio.run(work)
    except UsageError as error:
        _fail(error, 2)
    except MeltingSpotError as error:
        _fail(error, 1)


def _fail(error: MeltingSpotError, code: int) -> NoReturn:
    typer.echo(f"meltingspot: {error}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """Entry point of the ``meltingspot`` command."""
    app(prog_name="meltingspot")

"""How commands run and how they end; what they have in common on stdout."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Coroutine, Iterable
from contextlib import aclosing, suppress
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from .._paging.listing import Listing
from ..client import MeltingSpotClient
from ..errors import MeltingSpotError, QuotaExhaustedError, UsageError
from ..models import Model, to_dict
from .tables import details

T = TypeVar("T")
M = TypeVar("M", bound=Model)

FAILED, MISUSED, QUOTA_EXHAUSTED, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, named as the service names it.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Print JSON, one item a line.")]


def run(work: Coroutine[object, object, T]) -> T:
    """Run some work to its end. Whatever goes wrong is one line on stderr and an exit code."""
    try:
        return asyncio.run(_until_terminated(work))
    except UsageError as error:
        fail(str(error), MISUSED)
    except QuotaExhaustedError as error:
        fail(str(error), QUOTA_EXHAUSTED)
    except MeltingSpotError as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED)
    except asyncio.CancelledError:
        fail("terminated", TERMINATED)


async def _until_terminated(work: Coroutine[object, object, T]) -> T:
    """Let a SIGTERM cancel the work, so that it ends in good order."""
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows has no such signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def fail(why: str, code: int) -> NoReturn:
    """End the command with one line on stderr."""
    typer.echo(f"meltingspot: {why}", err=True)
    raise typer.Exit(code)


def show_item(get: Callable[[MeltingSpotClient], Coroutine[object, object, M]], *, as_json: bool) -> None:
    """Show one item, with all its fields."""

    async def fetch() -> M:
        async with MeltingSpotClient.from_env() as client:
            return await get(client)

    item = run(fetch())
    if as_json:
        typer.echo(json.dumps(to_dict(item), indent=2))
    else:
        Console().print(details(item))


def show_list(
    find: Callable[[MeltingSpotClient], Listing[M]],
    table: Callable[[Iterable[M], bool], Table],
    *,
    as_json: bool,
) -> int:
    """Show a list as its pages come; how many items it had."""

    async def show() -> int:
        console, shown = Console(), 0
        async with MeltingSpotClient.from_env() as client, aclosing(find(client).pages()) as pages:
            async for page in pages:
                if as_json:
                    for item in page.items:
                        typer.echo(json.dumps(to_dict(item)))
                else:
                    console.print(table(page.items, shown == 0))
                shown += len(page.items)
        return shown

    return run(show())

"""How a command fetches one item or a list and prints it, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from .._paging.listing import Listing
from ..client import MeltingSpotClient
from ..models import Model, to_dict
from .layout import Column
from .running import run, say
from .tables import PagedTable, details_table

M = TypeVar("M", bound=Model)

ItemId = Annotated[str, typer.Argument(metavar="ID", help="Its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with the service's own names.")]
AsJsonLines = Annotated[
    bool, typer.Option("--json", help="Print JSON, one item per line, with the service's own names.")
]

PageSize = Annotated[
    int | None,
    typer.Option(
        "--page-size",
        min=1,
        help="Items to ask for at once. Default: MELTINGSPOT_PAGE_SIZE, or 100. `meltingspot doctor` finds the most.",
    ),
]


def with_page_size(client: MeltingSpotClient, page_size: int | None) -> MeltingSpotClient:
    """The client, or one that asks for so many items at once."""
    return client if page_size is None else client.with_options(page_size=page_size)


def show_item(get: Callable[[MeltingSpotClient], Coroutine[object, object, M]], *, as_json: bool) -> None:
    """Print one item with all its fields."""

    async def fetch() -> M:
        async with MeltingSpotClient.from_env() as client:
            return await get(client)

    item = run(fetch())
    if as_json:
        typer.echo(json.dumps(to_dict(item), indent=2))
    else:
        Console().print(details_table(item))


def show_list(
    find: Callable[[MeltingSpotClient], Listing[M]],
    columns: Sequence[Column],
    *,
    page_size: int | None,
    as_json: bool,
    empty: str = "the list is empty",
) -> int:
    """Print a list page by page, as the pages arrive. Returns how many items it had.

    :param empty: what is said on stderr where it had none.
    """

    async def show() -> int:
        table, shown = PagedTable(columns, Console()), 0
        async with (
            MeltingSpotClient.from_env() as client,
            aclosing(find(with_page_size(client, page_size)).pages()) as pages,
        ):
            async for page in pages:
                if as_json:
                    for item in page.items:
                        typer.echo(json.dumps(to_dict(item)))
                elif page.items:
                    table.show(page.items)
                shown += len(page.items)
        if table.left_out:
            names = ", ".join(table.left_out)
            say(f"left out, for want of room: {names}. A wider terminal shows it, and --json everything.")
        return shown

    shown = run(show())
    if not shown:
        say(empty)
    return shown

"""``meltingspot groups``: the groups of the Spot, and their members."""

from __future__ import annotations

import typer

from .layout import ID, NAME
from .members import COLUMNS as MEMBER_COLUMNS
from .showing import AsJsonLines, ItemId, PageSize, show_list

app = typer.Typer(no_args_is_help=True, help="Groups, and their members.")

COLUMNS = (ID, NAME)


@app.command("list")
def list_groups(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the groups of the Spot."""
    show_list(lambda client: client.groups.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("members")
def list_members(group_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the members of a group."""
    show_list(
        lambda client: client.groups.list_members(group_id),
        MEMBER_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )

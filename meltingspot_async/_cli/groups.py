"""``meltingspot groups``: the groups of the Spot, and their members."""

from __future__ import annotations

import typer

from .members import COLUMNS as MEMBER_COLUMNS
from .showing import AsJsonLines, ItemId, show_list
from .tables import ID, NAME

app = typer.Typer(no_args_is_help=True, help="Groups.")

COLUMNS = (ID, NAME)


@app.command("list")
def list_groups(as_json: AsJsonLines = False) -> None:
    """Show the groups of the Spot."""
    show_list(lambda client: client.groups.list(), COLUMNS, as_json=as_json)


@app.command("members")
def list_members(group_id: ItemId, as_json: AsJsonLines = False) -> None:
    """Show the members of a group."""
    show_list(lambda client: client.groups.list_members(group_id), MEMBER_COLUMNS, as_json=as_json)

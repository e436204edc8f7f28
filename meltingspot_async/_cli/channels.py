"""``meltingspot channels``: the channels of the Spot, and their members."""

from __future__ import annotations

import typer

from .layout import ID, NAME
from .members import COLUMNS as MEMBER_COLUMNS
from .showing import AsJson, AsJsonLines, ItemId, PageSize, show_item, show_list

app = typer.Typer(no_args_is_help=True, help="Channels, and their members.")

COLUMNS = (ID, NAME)


@app.command("list")
def list_channels(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the channels of the Spot."""
    show_list(lambda client: client.channels.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("get")
def get_channel(channel_id: ItemId, as_json: AsJson = False) -> None:
    """Show one channel."""
    show_item(lambda client: client.channels.get(channel_id), as_json=as_json)


@app.command("members")
def list_members(channel_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the members of a channel."""
    show_list(
        lambda client: client.channels.list_members(channel_id),
        MEMBER_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )

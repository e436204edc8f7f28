"""``meltingspot forums``: the forums of the Spot."""

from __future__ import annotations

import typer

from .layout import ID, NAME
from .showing import AsJson, AsJsonLines, ItemId, PageSize, show_item, show_list

app = typer.Typer(no_args_is_help=True, help="Forums.")

COLUMNS = (ID, NAME)


@app.command("list")
def list_forums(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the forums of the Spot."""
    show_list(lambda client: client.forums.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("get")
def get_forum(forum_id: ItemId, as_json: AsJson = False) -> None:
    """Show one forum."""
    show_item(lambda client: client.forums.get(forum_id), as_json=as_json)

"""``meltingspot roles``: the custom roles of the Spot."""

from __future__ import annotations

import typer

from .layout import ID, Column
from .showing import AsJson, AsJsonLines, ItemId, PageSize, show_item, show_list

app = typer.Typer(no_args_is_help=True, help="Custom roles.")

COLUMNS = (ID, Column("Label", "label", 20))


@app.command("list")
def list_roles(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the custom roles of the Spot."""
    show_list(lambda client: client.custom_roles.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("get")
def get_role(role_id: ItemId, as_json: AsJson = False) -> None:
    """Show one custom role."""
    show_item(lambda client: client.custom_roles.get(role_id), as_json=as_json)

"""``meltingspot lives``: the Lives of the Spot, and who takes part in them."""

from __future__ import annotations

import typer

from .layout import EMAIL, ID, Column
from .showing import AsJson, AsJsonLines, ItemId, PageSize, show_item, show_list

app = typer.Typer(no_args_is_help=True, help="Lives, and who takes part in them.")

COLUMNS = (
    ID,
    Column("Start", "start_date", 20, rank=1),
    Column("Status", "status", 8),
    Column("Title", "title", 10, rank=2),
)
PARTICIPANT_COLUMNS = (ID, EMAIL, Column("Type", "type", 8, rank=2), Column("Status", "status", 8))


@app.command("list")
def list_lives(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the Lives of the Spot."""
    show_list(lambda client: client.lives.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("get")
def get_live(live_id: ItemId, as_json: AsJson = False) -> None:
    """Show one Live."""
    show_item(lambda client: client.lives.get(live_id), as_json=as_json)


@app.command("participants")
def list_participants(live_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the participants of a Live."""
    show_list(
        lambda client: client.live_participants.list(live_id),
        PARTICIPANT_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )

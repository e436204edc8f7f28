"""``meltingspot learning-paths``: who takes part in a learning path. The paths themselves cannot be listed."""

from __future__ import annotations

import typer

from .layout import EMAIL, ID, Column
from .showing import AsJsonLines, ItemId, PageSize, show_list

app = typer.Typer(no_args_is_help=True, help="Who takes part in a learning path.")

PARTICIPANT_COLUMNS = (ID, EMAIL, Column("Status", "status", 10), Column("Rate", "completion_rate", 4))


@app.command("participants")
def list_participants(
    learning_path_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False
) -> None:
    """Show the participants of a learning path."""
    show_list(
        lambda client: client.learning_path_participants.list(learning_path_id),
        PARTICIPANT_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )

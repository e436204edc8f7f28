"""``meltingspot members``: the members of the Spot, their answers and their custom properties."""

from __future__ import annotations

from typing import Annotated

import typer

from .layout import ID, Column
from .running import ExitCode
from .showing import AsJson, AsJsonLines, ItemId, PageSize, show_item, show_list

app = typer.Typer(no_args_is_help=True, help="Members of the Spot, their answers and custom properties.")

COLUMNS = (
    ID,
    Column("Email", "email", 22, rank=1),
    Column("Status", "status", 10),
    Column("Role", "role", 6, rank=2),
)
ANSWER_COLUMNS = (Column("Answer", "extra", 78),)
PROPERTY_COLUMNS = (Column("Property", "custom_property_label", 20), Column("Value", "value", 20))


@app.command("list")
def list_members(page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the members of the Spot."""
    show_list(lambda client: client.spot_members.list(), COLUMNS, page_size=page_size, as_json=as_json)


@app.command("get")
def get_member(member_id: ItemId, as_json: AsJson = False) -> None:
    """Show one member."""
    show_item(lambda client: client.spot_members.get(member_id), as_json=as_json)


@app.command("find")
def find_members(
    emails: Annotated[
        list[str], typer.Option("--email", help="The email to look for. Repeat it for several.")
    ],
    page_size: PageSize = None,
    as_json: AsJsonLines = False,
) -> None:
    """Show the members who have these emails. Exits with 1 if no member has any of them."""
    found = show_list(
        lambda client: client.spot_members.list(emails=emails),
        COLUMNS,
        page_size=page_size,
        as_json=as_json,
        empty="no member has such an email",
    )
    if not found:
        raise typer.Exit(ExitCode.FAILED)


@app.command("answers")
def list_answers(member_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show a member's answers to the registration form."""
    show_list(
        lambda client: client.custom_form_answers.list(member_id),
        ANSWER_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )


@app.command("properties")
def list_properties(member_id: ItemId, page_size: PageSize = None, as_json: AsJsonLines = False) -> None:
    """Show the custom properties of a member."""
    show_list(
        lambda client: client.custom_properties.list(member_id),
        PROPERTY_COLUMNS,
        page_size=page_size,
        as_json=as_json,
    )

"""The nouns of the ``meltingspot`` command: what each lists, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, TypeVar

import typer

from .._paging.listing import Listing
from ..client import MeltingSpotClient
from ..models import Model
from .running import FAILED, AsJson, AsJsonLines, fail, show_item, show_list
from .tables import Column, items_table, participants_table

M = TypeVar("M", bound=Model)

ID = Column("Id", "id", 36)
"""As long as a UUID, whole in any case."""

ENROLLED = (
    ID,
    Column("Email", "spot_member_email", 24),
    Column("Status", "status", 10),
    Column("%", "completion_rate", 4),
)
INVITED = (
    ID,
    Column("Email", "spot_member_email", 24),
    Column("Type", "type", 8),
    Column("Status", "status", 8),
)
LIVES = (ID, Column("Start", "start_date", 20), Column("Status", "status", 7), Column("Title", "title", 13))
MEMBERS = (ID, Column("Email", "email", 24), Column("Status", "status", 10), Column("Role", "role", 6))
NAMED = (ID, Column("Name", "name", 40))
TITLED = (ID, Column("Title", "title", 30), Column("Status", "status", 10))
LABELLED = (ID, Column("Label", "label", 40))
PROPERTIES = (Column("Property", "custom_property_label", 36), Column("Value", "value", 40))
ANSWERS = (Column("Answer", "extra", 78),)


def nouns() -> dict[str, typer.Typer]:
    """A group of commands for each noun."""
    found: dict[str, typer.Typer] = {}

    def noun(name: str, about: str) -> typer.Typer:
        found[name] = typer.Typer(no_args_is_help=True, help=about)
        return found[name]

    courses = noun("courses", "Courses.")
    _list(courses, "Show the courses of the Spot.", TITLED, lambda c: c.courses.list())

    participants = noun("participants", "Participants of courses.")
    _participants(participants)

    paths = noun("learning-paths", "Learning paths.")
    _list_of(
        paths,
        "participants",
        "Show the participants of a learning path.",
        ENROLLED,
        lambda c, i: c.learning_path_participants.list(i),
    )

    lives = noun("lives", "Lives.")
    _list(lives, "Show the Lives of the Spot.", LIVES, lambda c: c.lives.list())
    _get(lives, "Show one Live.", lambda c, i: c.lives.get(i))
    _list_of(
        lives,
        "participants",
        "Show the participants of a Live.",
        INVITED,
        lambda c, i: c.live_participants.list(i),
    )

    members = noun("members", "Members of the Spot.")
    _list(members, "Show the members of the Spot.", MEMBERS, lambda c: c.spot_members.list())
    _get(members, "Show one member.", lambda c, i: c.spot_members.get(i))
    _list_of(
        members,
        "answers",
        "Show a member's answers to the registration form.",
        ANSWERS,
        lambda c, i: c.custom_form_answers.list(i),
    )
    _list_of(
        members,
        "properties",
        "Show the custom properties of a member.",
        PROPERTIES,
        lambda c, i: c.custom_properties.list(i),
    )
    members.command("find")(find_members)

    roles = noun("roles", "Custom roles.")
    _list(roles, "Show the custom roles of the Spot.", LABELLED, lambda c: c.custom_roles.list())
    _get(roles, "Show one custom role.", lambda c, i: c.custom_roles.get(i))

    groups = noun("groups", "Groups.")
    _list(groups, "Show the groups of the Spot.", NAMED, lambda c: c.groups.list())
    _list_of(
        groups, "members", "Show the members of a group.", MEMBERS, lambda c, i: c.groups.list_members(i)
    )

    channels = noun("channels", "Channels.")
    _list(channels, "Show the channels of the Spot.", NAMED, lambda c: c.channels.list())
    _get(channels, "Show one channel.", lambda c, i: c.channels.get(i))
    _list_of(
        channels,
        "members",
        "Show the members of a channel.",
        MEMBERS,
        lambda c, i: c.channels.list_members(i),
    )

    forums = noun("forums", "Forums.")
    _list(forums, "Show the forums of the Spot.", NAMED, lambda c: c.forums.list())
    _get(forums, "Show one forum.", lambda c, i: c.forums.get(i))
    return found


def find_members(
    email: Annotated[list[str], typer.Option("--email", help="Email to look for; may be repeated.")],
    as_json: AsJsonLines = False,
) -> None:
    """Show the members with these emails; exits with 1 if there is none."""
    table = partial(items_table, MEMBERS)
    if not show_list(lambda c: c.spot_members.list(emails=email), table, as_json=as_json):
        fail("no member has such an email", FAILED)


def _participants(noun: typer.Typer) -> None:
    @noun.command("get")
    def get(course_id: str, participant_id: str, as_json: AsJson = False) -> None:
        """Show one participant of a course."""
        show_item(lambda c: c.course_participants.get(course_id, participant_id), as_json=as_json)

    @noun.command("list")
    def find(course_id: str, status: Status = None, as_json: AsJsonLines = False) -> None:
        """Show the participants of a course."""
        show_list(
            lambda c: c.course_participants.list(course_id, status=status),
            participants_table,
            as_json=as_json,
        )


Status = Annotated[
    list[str] | None, typer.Option("--status", help="Keep participants with this status; may be repeated.")
]


def _list(
    noun: typer.Typer,
    about: str,
    columns: tuple[Column, ...],
    find: Callable[[MeltingSpotClient], Listing[M]],
) -> None:
    @noun.command("list", help=about)
    def command(as_json: AsJsonLines = False) -> None:
        show_list(find, partial(items_table, columns), as_json=as_json)


def _list_of(
    noun: typer.Typer,
    name: str,
    about: str,
    columns: tuple[Column, ...],
    find: Callable[[MeltingSpotClient, str], Listing[M]],
) -> None:
    @noun.command(name, help=about)
    def command(owner: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJsonLines = False) -> None:
        show_list(lambda client: find(client, owner), partial(items_table, columns), as_json=as_json)


def _get(
    noun: typer.Typer, about: str, get: Callable[[MeltingSpotClient, str], Coroutine[Any, Any, M]]
) -> None:
    @noun.command("get", help=about)
    def command(item: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
        show_item(lambda client: get(client, item), as_json=as_json)

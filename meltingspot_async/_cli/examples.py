"""One example of every command, which its help ends with."""

from __future__ import annotations

from typing import Any

EXAMPLES = {
    "demo": "",
    "doctor": "--json",
    "courses list": "",
    "courses report": "course-1 -o report.html",
    "participants list": "course-1 --status Started --status Invited",
    "participants get": "course-1 participant-2 --json",
    "participants export": "course-1 course-2 -o all.csv",
    "learning-paths participants": "path-1",
    "lives list": "--json",
    "lives get": "live-1",
    "lives participants": "live-1",
    "members list": "--json",
    "members get": "member-1",
    "members find": "--email ada@example.com --email bo@example.com",
    "members answers": "member-1",
    "members properties": "member-1",
    "roles list": "",
    "roles get": "role-1",
    "groups list": "",
    "groups members": "group-1 --json",
    "channels list": "",
    "channels get": "channel-1",
    "channels members": "channel-1",
    "forums list": "",
    "forums get": "forum-1",
    "activities export": "--from 2026-01-01 -o activities.jsonl",
}
"""The arguments of each command in its example."""


def example_of(path: str) -> str:
    """The example of a command, as it is typed."""
    return f"meltingspot {path} {EXAMPLES[path]}".rstrip()


def add_examples(group: Any, path: str = "") -> None:
    """End the help of each command of a group, and of the groups in it, with its example."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            add_examples(command, f"{path}{name} ")
        else:
            command.epilog = f"Example: {example_of(path + name)}"

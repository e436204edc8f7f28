"""The rule that turns our names into the service's names. Models and filters share it."""

from __future__ import annotations


def camel_case(name: str) -> str:
    """The service's spelling of an attribute or argument: ``spot_member_id`` is ``spotMemberId``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)

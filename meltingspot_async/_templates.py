"""Which endpoint a path belongs to. There are few, so they name spans and label metrics. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

_VERSION = re.compile(r"v\d+")
_NAME = re.compile(r"[A-Za-z][A-Za-z_~-]{0,39}")
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1_000)  # asked for by every event of a call
def path_template(path: str) -> str:
    """The template of a path: ``/v1/courses/{course_id}`` for ``/v1/courses/c-1``.

    The service's paths say in turn what there is and which one of it, so an endpoint that has no method yet has a
    template, too. What follows a name is an id, whatever it looks like; what should be a name and is not only letters
    is one as well. So no id is ever shown, and no email.
    """
    shown: list[str] = []
    owner = ""
    for segment in path.split("/")[1:]:
        if owner:
            shown.append(f"{{{_singular(owner)}_id}}")
            owner = ""
        elif _VERSION.fullmatch(segment) and not shown:
            shown.append(segment)
        elif _NAME.fullmatch(segment):
            shown.append(segment)
            owner = segment
        else:
            shown.append("{id}")
    return "/" + "/".join(shown)


def _singular(name: str) -> str:
    """What one of many is called: ``learning_path`` for ``learningPaths``."""
    words = _NEXT_WORD.sub("_", name.partition("~")[0].replace("-", "_")).lower()
    return f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")

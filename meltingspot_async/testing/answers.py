"""The parts of the fake's answers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


def path_for(template: str, request: web.Request) -> str:
    """The path of the list that a request asks for."""
    return template.replace("{parent}", request.match_info.get("parent", ""))


def owners_of(template: str) -> str:
    """The list of the owners of a template's lists; the template itself where lists have no owner."""
    return template.partition("/{parent}")[0]


def nothing_at(path: str) -> web.Response:
    """The answer for an item that is not in the list of a path: ``course not found``."""
    return json_answer({"message": f"{path.rpartition('/')[2].removesuffix('s')} not found"}, 404)


def json_answer(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer with a JSON document."""
    body = json.dumps(document).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)

"""How the fake answers an export of activities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice

from aiohttp import web

from .answers import json_answer
from .operations import EXPORT, LISTS, MAX_EXPORT_LIMIT, invalid_parameter, selected


def exported(
    events: Mapping[str, Mapping[str, object]],
    query: Mapping[str, str],
    largest: int,
    *,
    repeats_event: bool,
    filters_late: bool,
) -> web.Response:
    """The answer to an export; see :class:`~meltingspot_async.testing.FakeMeltingSpot` for what can be chosen.

    :param events: all of them by their ids, in order.
    """
    wrong = invalid_parameter({**LISTS[EXPORT], "limit": int}, query)
    if "fromDate[eq]" not in query and "fromEventId" not in query:
        wrong = "fromDate[eq]"
    if wrong is not None or not 1 <= int(query.get("limit", "1")) <= MAX_EXPORT_LIMIT:
        return json_answer({"message": f"{wrong or 'limit'} is not valid"}, 400)
    ids = list(events)
    if "fromEventId" in query and query["fromEventId"] not in ids:
        return json_answer({"message": "event not found"}, 404)
    first = ids.index(query["fromEventId"]) + (not repeats_event) if "fromEventId" in query else 0
    most = min(int(query.get("limit", "100")), largest)
    taken = ids[first : first + most] if filters_late else ids[first:]
    found = selected((events[event] for event in taken), query)
    body = "".join(json.dumps(document) + "\n" for document in islice(found, most)).encode()
    return web.Response(body=body, content_type="application/json")

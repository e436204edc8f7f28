"""What the fake service received, and whether it was within the limit: counted as requests arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

import attrs
from aiohttp import web

from ..rate_limit import RateLimit


@attrs.frozen
class Received:
    """One request, as the fake received it."""

    at: float
    """When it arrived, in seconds of the fake's clock: that of its event loop, moved on by the waits that a
    :meth:`~meltingspot_async.testing.FakeMeltingSpot.client` of it skipped."""
    method: str
    """``GET``."""
    path: str
    """Path without the query, encoded as it was received."""
    query: Mapping[str, str]
    """Parameters by their names, decoded."""
    url: str = attrs.field(repr=False)
    """Path and query, encoded as they were received."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Headers by their names, in any case. The key is among them, so the repr does not show them."""
    refused: bool
    """Whether it exceeded the limit and got a 429."""


def received(request: web.Request, at: float, *, refused: bool) -> Received:
    """What is kept of a request."""
    path, headers = request.rel_url.raw_path, request.headers.copy()
    return Received(at, request.method, path, request.query, request.path_qs, headers, refused)


class Windows:
    """The limits of the fake, each a sliding window."""

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        self._arrivals = [(limit, deque[float]()) for limit in limits]

    def wait(self, now: float) -> float:
        """Seconds until every limit would allow a request. When that is now, the request is counted."""
        wait = 0.0
        for limit, arrivals in self._arrivals:
            while arrivals and arrivals[0] <= now - limit.per:
                arrivals.popleft()
            if len(arrivals) >= limit.requests:
                wait = max(wait, arrivals[0] + limit.per - now)
        if wait == 0.0:
            for _, arrivals in self._arrivals:
                arrivals.append(now)
        return wait

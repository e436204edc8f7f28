"""What to do about HTTP statuses that have no exception of their own."""

from __future__ import annotations

_TOO_LONG = "The address is too long: split the filter into several calls, each with fewer values."
_TOO_SLOW = "The request did not arrive in time, or too soon; try again later."
_NOT_THE_SERVICE = (
    "This is not the service's answer: check base_url, and whether a proxy answers in its place."
)

_BY_STATUS = {
    407: "The proxy asks for credentials: put them into HTTPS_PROXY (or HTTP_PROXY).",
    408: _TOO_SLOW,
    414: _TOO_LONG,
    425: _TOO_SLOW,
    431: _TOO_LONG,
    511: "The network asks for a login: open a browser on this machine first.",
}


def advice_about(status: int) -> str | None:
    """What to do about a status, if more is known than its class says."""
    return _BY_STATUS.get(status) if 200 <= status < 600 else _NOT_THE_SERVICE

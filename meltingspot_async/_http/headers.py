"""The headers of a request: ours, and those that a program adds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._redaction import redacted
from .._version import __version__
from ..errors import UsageError

Headers = tuple[tuple[str, str], ...]
"""Names and values that a program adds, in the order of the names."""

MAX_NAME = 64
"""Characters that an error shows of a name."""

_OURS = re.compile(
    r"accept|accept-encoding|authorization|connection|content-.*|expect|host|if-.*|keep-alive|proxy-.*|range|te"
    r"|trailer|transfer-encoding|upgrade|user-agent",
    re.IGNORECASE,
)
"""Names on which the meaning of an answer, its framing or the key depends."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token of RFC 9110
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")
_PRODUCT = re.compile(r"[!-~](?:[ !-~]*[!-~])?")


def base_headers(user_agent: str | None) -> dict[str, str]:
    """The headers of every request.

    :param user_agent: what to put before our own product, such as ``"acme-lms/2.1"``.
    :raises UsageError: it cannot be sent.
    """
    ours = f"meltingspot-async/{__version__}"
    if user_agent is not None:
        if not isinstance(user_agent, str) or not _PRODUCT.fullmatch(user_agent):
            raise UsageError('user_agent must be printable ASCII, such as "acme-lms/2.1", or None.')
        ours = f"{user_agent} {ours}"
    return {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": ours}


def checked_headers(headers: Mapping[str, str] | Headers | None) -> Headers:
    """Headers that a program adds to its requests. An error names the header, and never its value.

    :raises UsageError: a header is one of those that the client relies on, is given twice, or cannot be sent.
    """
    if not isinstance(headers, Mapping | tuple | None):
        raise UsageError(f"headers must be a mapping of names to values, not {type(headers).__name__}.")
    given = tuple(headers.items()) if isinstance(headers, Mapping) else headers or ()
    for name, value in given:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError("headers: a name must be a token of ASCII letters, digits and -._~!#$%&'*+^`|.")
        shown = redacted(name, MAX_NAME)
        if _OURS.fullmatch(name):
            advice = "give user_agent=" if name.lower() == "user-agent" else "leave it out"
            raise UsageError(f"headers: {shown} is the client's own: {advice}.")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise UsageError(
                f"headers: the value of {shown} must be printable ASCII, without white space at its ends."
            )
    if len({name.lower() for name, _ in given}) < len(given):
        raise UsageError("headers: a name is given twice, in different case.")
    return tuple(sorted(given))

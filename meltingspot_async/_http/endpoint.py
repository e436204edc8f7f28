"""Where requests go and what they carry: base URL, paths, query and key, checked before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlencode, urlsplit

from .._redaction import shown_path
from ..errors import UsageError

BASE_URL = "https://openapi.meltingspot.io"
"""The service's address (configuration page of its API reference)."""

Params = Mapping[str, str | int]
"""Query parameters by the service's own names, in the order in which they are sent."""

MAX_URL = 8_000
"""Characters of an address that servers commonly accept (RFC 9110, section 4.1, recommends at least 8,000 octets)."""

SHORTEST_KEY = 8
"""Characters of the shortest key that is looked for in addresses: shorter texts can be part of any path."""

_PATH = re.compile(r"(?:/(?!(?:\.|%2[Ee]){1,2}(?:/|\Z))(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)+")
"""Segments that are encoded, and neither empty nor dots, which stand for another segment."""
_ADDRESS = re.compile(r"[!\"$->@-~]+")  # printable ASCII but ? and #
_TOKEN = re.compile(r"[!-~]+")


class Endpoint:
    """The service as seen with one key. Its repr does not show the key.

    :param base_url: https, or http on a loopback address; may have a path, for a proxy.
    :param api_key: secret key of the Spot.
    :param auth_scheme: word before the key in the ``Authorization`` header, such as ``"Bearer"``. The
        documentation names none, so by default the key stands alone.
    :raises UsageError: for a base URL, key or scheme that cannot be sent.
    """

    def __init__(self, base_url: str, api_key: str, auth_scheme: str | None) -> None:
        self.base_url: str = _checked_base_url(base_url)
        if not isinstance(api_key, str) or not _TOKEN.fullmatch(api_key):
            raise UsageError(
                "The API key must be a non-empty text of printable ASCII characters without white space "
                "(is there a line end at its end?). It stands in the Spot's settings, API Access tab; a word before "
                "it, such as Bearer, goes into auth_scheme."
            )
        if auth_scheme is not None and not (isinstance(auth_scheme, str) and _TOKEN.fullmatch(auth_scheme)):
            raise UsageError('auth_scheme must be one word, such as "Bearer", or None.')
        self.api_key: str = api_key
        self._authorization = f"{auth_scheme} {api_key}" if auth_scheme else api_key

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"

    def headers(self) -> dict[str, str]:
        """The headers that sign a request."""
        return {"Authorization": self._authorization}

    def url(self, path: str, params: Params | None) -> str:
        """The absolute URL of a path, encoded, with brackets and commas in parameters left as they are.

        :raises UsageError: for a path that is not plain, absolute and encoded, a value that is neither text nor a
            whole number, or an address longer than 8,000 characters.
        """
        if not (isinstance(path, str) and (params is None or isinstance(params, Mapping))):
            raise UsageError("A path must be a str, and params a mapping of names to values.")
        if not _PATH.fullmatch(path):
            raise UsageError(
                f"{shown_path(path)!r} is not a path to ask for: it must start with '/', be percent-encoded and have "
                "no empty, '.' or '..' segment; parameters go into params."
            )
        url = self.base_url + path + (_query(params) if params else "")
        if len(self.api_key) >= SHORTEST_KEY and (self.api_key in url or self.api_key in unquote(url)):
            raise UsageError("The key stands in the path or in params: addresses end up in logs.")
        if len(url) > MAX_URL:
            values = {name: len(str(value)) for name, value in (params or {}).items()}
            longest = max(values, key=lambda name: values[name], default="")
            what_next = (
                f"{longest} is too long. Split its values over several calls, or leave it out and choose among the "
                "items received."
                if values.get(longest, 0) > len(path)
                else "look at the ids in its path."
            )
            raise UsageError(
                f"The address would have {len(url)} characters, more than the {MAX_URL} that servers accept: "
                f"{what_next}"
            )
        return url


def _query(params: Params) -> str:
    """The parameters as they follow a path.

    :raises UsageError: for a name or value that cannot be sent.
    """
    for name, value in params.items():
        if not isinstance(name, str):
            raise UsageError(f"The name of a parameter must be a str, not {type(name).__name__}.")
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise UsageError(f"The parameter {name} must be a str or an int, not {type(value).__name__}.")
    try:
        return f"?{urlencode(params, quote_via=quote, safe='[],')}"
    except UnicodeEncodeError:
        raise UsageError("A parameter holds half a surrogate pair, which is not valid Unicode.") from None


def expand_path(template: str, **ids: str) -> str:
    """Fill ids into a path, each percent-encoded so that it stays one segment.

    ``expand_path("/v1/courses/{course_id}", course_id="a/b")`` is ``/v1/courses/a%2Fb``.

    :raises UsageError: naming the argument, if an id is not a text, is blank, or is ``.`` or ``..``.
    """
    for name, value in ids.items():
        if not isinstance(value, str):
            raise UsageError(f"{name} must be a str, not {type(value).__name__}.")
        if not value.strip() or value in {".", ".."}:
            raise UsageError(f"{name} must be an id, not {value!r}.")
    try:
        return template.format_map({name: quote(value, safe="") for name, value in ids.items()})
    except UnicodeEncodeError:
        raise UsageError(f"An id among {', '.join(ids)} is not valid Unicode.") from None


def _checked_base_url(base_url: str) -> str:
    """The base URL without a trailing slash."""
    if not isinstance(base_url, str) or not _is_safe_address(base_url):
        raise UsageError(
            "base_url must be an https:// address in ASCII, without user, query or fragment "
            "(http:// only for localhost and other loopback addresses)."
        )
    return base_url.rstrip("/")


def _is_safe_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # an empty label, or one of more than 63 characters, cannot be looked up
    except ValueError:
        return False
    if not host or "@" in parts.netloc or not _ADDRESS.fullmatch(url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

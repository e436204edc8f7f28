"""Options from environment variables: key, address, proxy, size of pages, and where the limit is shared."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ._http.endpoint import BASE_URL
from ._http.options import PAGE_SIZE
from .errors import LimiterUnavailableError, UsageError
from .rate_limit import DOCUMENTED_LIMITS

if TYPE_CHECKING:
    from .redis_limit import RedisSlidingWindowLimiter
    from .sqlite_limit import SqliteSlidingWindowLimiter

AUTO, OFF = "auto", "off"
"""Values of ``MELTINGSPOT_LIMIT_FILE`` that are no paths: one file per key in the user's state folder, and none."""


def api_key_from_env() -> str:
    """The key in ``MELTINGSPOT_API_KEY``.

    :raises UsageError: the variable is not set.
    """
    api_key = os.environ.get("MELTINGSPOT_API_KEY")
    if not api_key:
        raise UsageError("Set MELTINGSPOT_API_KEY to the secret key of the Spot (settings, API Access tab).")
    return api_key


def base_url_from_env() -> str:
    """The address in ``MELTINGSPOT_BASE_URL``, or the documented one."""
    return os.environ.get("MELTINGSPOT_BASE_URL") or BASE_URL


def auth_scheme_from_env() -> str | None:
    """The word before the key in ``MELTINGSPOT_AUTH_SCHEME``, if any."""
    return os.environ.get("MELTINGSPOT_AUTH_SCHEME") or None


def proxy_from_env(base_url: str) -> str | None:
    """The proxy that ``HTTPS_PROXY`` (or ``HTTP_PROXY``, for an http address) or ``ALL_PROXY`` names, unless
    ``NO_PROXY`` excludes the host.

    On macOS and Windows, the system's settings count where no variable is set. ``~/.netrc`` is never read.

    :raises UsageError: the variable names a proxy that is not spoken to over HTTP.
    """
    address = urlsplit(base_url)
    assert address.hostname is not None
    if _is_excluded(address.hostname, address.port or _PORTS[address.scheme]):
        return None
    proxies = getproxies()
    proxy = (proxies.get(address.scheme) or proxies.get("all") or "").strip()
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not _is_proxy(proxy):
        raise UsageError(
            f"{address.scheme.upper()}_PROXY or ALL_PROXY must name an http:// or https:// proxy, with a host and a "
            "valid port; other kinds, such as SOCKS, are not supported. Change it, name the host in NO_PROXY, or give "
            "the client trust_env=False."
        )
    return proxy


_PORTS = {"http": 80, "https": 443}


def _is_excluded(host: str, port: int) -> bool:
    """Whether ``NO_PROXY`` excludes a host: urllib knows neither networks (``10.0.0.0/8``) nor ``*.example``."""
    if proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
        return True
    names = (name.strip(" []").lower() for name in getproxies().get("no", "").split(","))
    return any(fnmatchcase(host, name) if "*" in name else _is_within(host, name) for name in names)


def _is_within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def page_size_from_env() -> int:
    """Items that lists ask for at once, by ``MELTINGSPOT_PAGE_SIZE``; 100 if it is not set.

    :raises UsageError: the variable is not a whole number, 1 or above.
    """
    text = os.environ.get("MELTINGSPOT_PAGE_SIZE") or str(PAGE_SIZE)
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", text, re.ASCII):
        raise UsageError("MELTINGSPOT_PAGE_SIZE must be a whole number, 1 or above.")
    return int(text)


def redis_url_from_env() -> str | None:
    """The address in ``MELTINGSPOT_REDIS_URL``, if any."""
    return os.environ.get("MELTINGSPOT_REDIS_URL") or None


def limit_file_from_env() -> str | None:
    """The path in ``MELTINGSPOT_LIMIT_FILE``, or ``auto``, or ``off``; ``None`` if it is not set."""
    return os.environ.get("MELTINGSPOT_LIMIT_FILE") or None


def limiter_from_env(
    api_key: str, base_url: str, *, default: str = OFF
) -> RedisSlidingWindowLimiter | SqliteSlidingWindowLimiter | None:
    """The limiter that all programs with this key share in the Redis of ``MELTINGSPOT_REDIS_URL``, or in the file of
    ``MELTINGSPOT_LIMIT_FILE``; ``None`` if neither is set.

    Either sees a hash of the key, never the key.

    :param default: what counts as the value of ``MELTINGSPOT_LIMIT_FILE`` where neither is set.
    :raises UsageError: both are set, the variable is not a Redis URL, or the extra ``redis`` is not installed.
    :raises LimiterUnavailableError: this Python has no sqlite3, or this user no home folder.
    """
    redis_url, limit_file = redis_url_from_env(), limit_file_from_env()
    if redis_url is None:
        return _limiter_in_file(limit_file or default, api_key, base_url)
    if limit_file not in {None, OFF}:
        raise UsageError(
            "MELTINGSPOT_REDIS_URL and MELTINGSPOT_LIMIT_FILE are both set, and a limit is kept in one place only: "
            "unset one of them."
        )
    return _limiter_in_redis(redis_url, api_key)


def _limiter_in_redis(redis_url: str, api_key: str) -> RedisSlidingWindowLimiter:
    try:
        from .redis_limit._limiter import RedisSlidingWindowLimiter  # noqa: PLC0415 - redis is an extra
    except ImportError:
        raise UsageError(
            "MELTINGSPOT_REDIS_URL needs an extra: pip install 'meltingspot-async[redis]'"
        ) from None
    return RedisSlidingWindowLimiter.from_url(redis_url, DOCUMENTED_LIMITS, key=_hashed(api_key))


def _limiter_in_file(limit_file: str, api_key: str, base_url: str) -> SqliteSlidingWindowLimiter | None:
    """The limiter in a file. Each key and address has an allowance of its own, and with ``auto`` a file of its own."""
    if limit_file == OFF:
        return None
    try:
        from .sqlite_limit import SqliteSlidingWindowLimiter  # noqa: PLC0415 - a Python can be built without sqlite3
    except ImportError:
        raise LimiterUnavailableError(
            "no sqlite3",
            "This Python was built without sqlite3: use another one, or set MELTINGSPOT_LIMIT_FILE=off.",
        ) from None
    name = _hashed(f"{api_key} {base_url.rstrip('/')}")
    path = _state_folder() / f"limit-{name}" if limit_file == AUTO else Path(limit_file)
    return SqliteSlidingWindowLimiter(path, DOCUMENTED_LIMITS, key=name)


def _state_folder() -> Path:
    """Where programs of this user keep what should outlive a restart, by the XDG Base Directory Specification."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    if named.is_absolute():  # by the specification, others do not count
        return named / "meltingspot_async"
    try:
        return Path.home() / ".local" / "state" / "meltingspot_async"
    except RuntimeError:
        raise LimiterUnavailableError(
            "no home folder", "Set XDG_STATE_HOME, or name a file in MELTINGSPOT_LIMIT_FILE."
        ) from None


def _hashed(text: str) -> str:
    return blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()

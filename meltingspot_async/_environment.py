"""Options from environment variables: key, address, proxy, size of pages, and the Redis that shares the limit."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ._http.endpoint import BASE_URL
from ._http.options import PAGE_SIZE
from .errors import UsageError
from .rate_limit import DOCUMENTED_LIMITS

if TYPE_CHECKING:
    from .redis_limit import RedisSlidingWindowLimiter


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


def limiter_from_env(api_key: str) -> RedisSlidingWindowLimiter | None:
    """The limiter that all programs with this key share in the Redis of ``MELTINGSPOT_REDIS_URL``, if set.

    Redis sees a hash of the key, never the key.

    :raises UsageError: the variable is not a Redis URL, or the extra ``redis`` is not installed.
    """
    redis_url = redis_url_from_env()
    if redis_url is None:
        return None
    try:
        from .redis_limit._limiter import RedisSlidingWindowLimiter  # noqa: PLC0415 - redis is an extra
    except ImportError:
        raise UsageError(
            "MELTINGSPOT_REDIS_URL needs an extra: pip install 'meltingspot-async[redis]'"
        ) from None
    name = blake2b(api_key.encode(errors="surrogateescape"), digest_size=16).hexdigest()
    return RedisSlidingWindowLimiter.from_url(redis_url, DOCUMENTED_LIMITS, key=name)

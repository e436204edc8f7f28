"""Options from environment variables: the key, the address, and the Redis that shares the limit."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

from ._http.endpoint import BASE_URL
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

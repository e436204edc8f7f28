"""The client: options, life cycle, and one attribute per resource."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from hashlib import blake2b
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from . import resources
from ._http.endpoint import BASE_URL, Endpoint
from ._http.options import OptionChanges, RequestOptions
from ._http.retry import RetryPolicy
from ._http.session import SessionManager
from ._validation import require_count
from .errors import UsageError
from .events import Event
from .rate_limit import DAY, RateLimit, RateLimiter, SlidingWindowLimiter

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from .redis_limit._limiter import RedisSlidingWindowLimiter

DOCUMENTED_LIMITS = (RateLimit(100, per=10.0), RateLimit(50_000, per=DAY))
"""What a key may send (configuration page of the API reference)."""

MAX_RESPONSE_BYTES = 16 * 2**20


class MeltingSpotClient:
    """An asyncio client of the MeltingSpot public API, for one key.

    Use one client (or at least one ``limiter``) per key and process: only then is the limit kept. Use it as
    ``async with``, or call :meth:`aclose` at the end. It belongs to the event loop it is first used on.

    :param api_key: secret key of the Spot (settings, API Access tab).
    :param base_url: the service's address; https, or http on a loopback address.
    :param auth_scheme: word before the key in the ``Authorization`` header, such as ``"Bearer"``. None is
        documented, so by default the key stands alone.
    :param session: an ``aiohttp.ClientSession`` to use, as it is; it is not closed. None makes one.
    :param timeout: seconds for one attempt, body included. Default 30.
    :param deadline: seconds for a whole call, every wait included. By default there is none, so that a
        thousand calls gathered at once take their turn; a web app sets a few seconds.
    :param retry: what is tried again, and when. Default :class:`RetryPolicy() <RetryPolicy>`.
    :param limiter: keeps the rate limit. By default a :class:`SlidingWindowLimiter` of 100 requests per 10 s
        and 50,000 per day, which waits for a paused key as long as ``retry.max_retry_after``.
    :param max_response_bytes: bytes of one answer at the most, decompressed. Default 16 MiB.
    :param coalesce: whether identical GETs under way at the same time share one request. Default true.
    :param on_event: called with each :data:`~meltingspot_async.events.Event`, on the loop; must be quick.
    :raises UsageError: for an argument that cannot work.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        auth_scheme: str | None = None,
        session: ClientSession | None = None,
        timeout: float = 30.0,
        deadline: float | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen, so one for all is safe
        limiter: RateLimiter | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        coalesce: bool = True,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        require_count("max_response_bytes", max_response_bytes)
        options = RequestOptions(timeout, deadline, retry, coalesce=coalesce)
        if limiter is None:
            limiter = SlidingWindowLimiter(DOCUMENTED_LIMITS, patience=retry.max_retry_after)
        manager = SessionManager(
            Endpoint(base_url, api_key, auth_scheme),
            limiter,
            options,
            session=session,
            max_response_bytes=max_response_bytes,
            on_event=on_event,
        )
        self._attach(manager)
        self._shared_limiter: RedisSlidingWindowLimiter | None = None

    def _attach(self, manager: SessionManager) -> None:
        self.session = manager
        """For endpoints that have no method yet: :meth:`SessionManager.get`."""
        self.courses = resources.Courses(manager)
        self.course_participants = resources.CourseParticipants(manager)
        self.learning_path_participants = resources.LearningPathParticipants(manager)
        self.lives = resources.Lives(manager)
        self.live_participants = resources.LiveParticipants(manager)
        self.spot_members = resources.SpotMembers(manager)
        self.custom_form_answers = resources.CustomFormAnswers(manager)
        self.custom_properties = resources.CustomProperties(manager)
        self.custom_roles = resources.CustomRoles(manager)
        self.groups = resources.Groups(manager)
        self.channels = resources.Channels(manager)
        self.forums = resources.Forums(manager)
        self.activities = resources.Activities(manager)

    @classmethod
    def from_env(
        cls,
        *,
        session: ClientSession | None = None,
        limiter: RateLimiter | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Self:
        """A client from ``MELTINGSPOT_API_KEY`` and, if set, ``MELTINGSPOT_BASE_URL`` and
        ``MELTINGSPOT_AUTH_SCHEME``.

        With ``MELTINGSPOT_REDIS_URL`` (extra ``redis``), and unless a ``limiter`` is given, all clients of the key
        that share that Redis share the limit.

        :raises UsageError: if there is no key, or one of them cannot work, or the extra is missing.
        """
        api_key = api_key_from_env()
        shared = limiter_from_env(api_key) if limiter is None else None
        client = cls(
            api_key,
            base_url=base_url_from_env(),
            auth_scheme=os.environ.get("MELTINGSPOT_AUTH_SCHEME") or None,
            session=session,
            limiter=shared or limiter,
            on_event=on_event,
        )
        client._shared_limiter = shared
        return client

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """A light copy with other options: ``timeout``, ``deadline``, ``retry``, ``priority``, ``coalesce``.

        It shares the connections, the limiter and the requests under way. Closing either closes both.
        """
        twin = copy.copy(self)
        twin._attach(self.session.with_options(**changes))
        return twin

    async def aclose(self) -> None:
        """Close the connections. A session that was given stays open. May be called twice."""
        await self.session.aclose()
        if self._shared_limiter is not None:
            await self._shared_limiter.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"MeltingSpotClient(base_url={self.session.base_url!r})"


def api_key_from_env() -> str:
    """The key in ``MELTINGSPOT_API_KEY``.

    :raises UsageError: if there is none.
    """
    api_key = os.environ.get("MELTINGSPOT_API_KEY")
    if not api_key:
        raise UsageError("Set MELTINGSPOT_API_KEY to the secret key of the Spot (settings, API Access tab).")
    return api_key


def base_url_from_env() -> str:
    """The address in ``MELTINGSPOT_BASE_URL``, or the documented one."""
    return os.environ.get("MELTINGSPOT_BASE_URL") or BASE_URL


def redis_url_from_env() -> str | None:
    """The address in ``MELTINGSPOT_REDIS_URL``, if any."""
    return os.environ.get("MELTINGSPOT_REDIS_URL") or None


def limiter_from_env(api_key: str) -> RedisSlidingWindowLimiter | None:
    """The limiter that all who have this key share in the Redis of ``MELTINGSPOT_REDIS_URL``, if that is set.

    Redis sees no more of the key than a hash.

    :raises UsageError: if the URL is none, or the extra is missing.
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

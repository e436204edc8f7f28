"""The client: options, life cycle, and one attribute per resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, SupportsIndex, TypeVar, Unpack, overload

from . import models, resources
from ._environment import (
    api_key_from_env,
    auth_scheme_from_env,
    base_url_from_env,
    limiter_from_env,
    page_size_from_env,
    proxy_from_env,
)
from ._http.connections import ConnectionPool
from ._http.endpoint import BASE_URL, Endpoint
from ._http.freshness import Freshness
from ._http.options import PAGE_SIZE, OptionChanges, RequestOptions
from ._http.response import RawResponse, Response
from ._http.retry import RetryPolicy
from ._http.session import SessionManager
from ._http.transport import Transport
from ._validation import require_count
from .errors import UsageError
from .events import Event
from .rate_limit import DOCUMENTED_LIMITS, RateLimiter, SlidingWindowLimiter

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from .models import Model
    from .rate_limit._shared import SharedLimiter
    from .resources._base import Resource

M = TypeVar("M", bound="Model")
R = TypeVar("R", bound="Resource")

MAX_RESPONSE_BYTES = 16 * 2**20


def _resource(find: Callable[[], type[R]]) -> cached_property[R]:
    """A resource, whose file and models are loaded when it is first used."""

    def make(client: MeltingSpotClient) -> R:
        return find()(client.session_manager)

    return cached_property(make)


class MeltingSpotClient:
    """An asyncio client of the MeltingSpot public API, for one key.

    Use one client (or at least one ``limiter``) per key and process: only so is the limit kept. Use it in an
    ``async with`` block, or call :meth:`aclose` at the end. It belongs to the event loop on which it is first used.

    :param api_key: secret key of the Spot (settings, API Access tab).
    :param base_url: the service's address; https, or http on a loopback address.
    :param auth_scheme: word before the key in the ``Authorization`` header, such as ``"Bearer"``. The
        documentation names none, so by default the key stands alone.
    :param session: an ``aiohttp.ClientSession`` to use, which the client does not close. By default the client
        opens one of its own.
    :param timeout: seconds for one attempt, body included. Default 30.
    :param deadline: seconds for a whole call, every wait included. By default a call has none, so that a
        thousand calls gathered at once take their turn; a web app sets a few seconds.
    :param retry: what is tried again, and when. Default :class:`RetryPolicy() <meltingspot_async.RetryPolicy>`.
    :param limiter: keeps the rate limit. By default a :class:`~meltingspot_async.SlidingWindowLimiter` of 100
        requests per 10 s and 50,000 per day, which waits for a paused key as long as ``retry.max_retry_after``.
    :param max_response_bytes: most bytes of one answer, decompressed. Default 16 MiB.
    :param coalesce: whether identical GETs under way at the same time share one request. Default true.
    :param on_event: called with each :data:`~meltingspot_async.events.Event`, on the loop; must be quick. What it
        raises goes to the loop's exception handler. :class:`meltingspot_async.otel.OtelObserver` makes spans and
        metrics.
    :param trust_env: whether the client's own session goes through the proxy that ``HTTPS_PROXY`` (or ``HTTP_PROXY``,
        ``ALL_PROXY``) names, unless ``NO_PROXY`` excludes the host. Default true. ``~/.netrc`` is never read. A
        ``session`` that is given has a ``trust_env`` of its own.
    :param page_size: items that lists and ``get_many`` ask for at once. Default 100; the service may give fewer, and
        is asked for fewer if it refuses so many. ``meltingspot doctor`` finds the most it gives: fewer pages are
        fewer requests.
    :param freshness: which answers may be given again, and how old; see :class:`~meltingspot_async.Freshness`. By
        default none is.
    :param headers: headers to add to every request, such as those that a gateway asks for. Those on which an answer
        depends, such as ``Authorization``, ``Accept`` and ``Content-*``, are the client's own.
    :param user_agent: product to put before the client's own in ``User-Agent``, such as ``"acme-lms/2.1"``.
    :raises UsageError: an argument cannot work.
    """

    courses: cached_property[resources.Courses] = _resource(lambda: resources.Courses)
    course_participants: cached_property[resources.CourseParticipants] = _resource(
        lambda: resources.CourseParticipants
    )
    learning_path_participants: cached_property[resources.LearningPathParticipants] = _resource(
        lambda: resources.LearningPathParticipants
    )
    lives: cached_property[resources.Lives] = _resource(lambda: resources.Lives)
    live_participants: cached_property[resources.LiveParticipants] = _resource(
        lambda: resources.LiveParticipants
    )
    spot_members: cached_property[resources.SpotMembers] = _resource(lambda: resources.SpotMembers)
    custom_form_answers: cached_property[resources.CustomFormAnswers] = _resource(
        lambda: resources.CustomFormAnswers
    )
    custom_properties: cached_property[resources.CustomProperties] = _resource(
        lambda: resources.CustomProperties
    )
    custom_roles: cached_property[resources.CustomRoles] = _resource(lambda: resources.CustomRoles)
    groups: cached_property[resources.Groups] = _resource(lambda: resources.Groups)
    channels: cached_property[resources.Channels] = _resource(lambda: resources.Channels)
    forums: cached_property[resources.Forums] = _resource(lambda: resources.Forums)
    activities: cached_property[resources.Activities] = _resource(lambda: resources.Activities)

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
        trust_env: bool = True,
        page_size: int = PAGE_SIZE,
        freshness: Freshness | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
    ) -> None:
        require_count("max_response_bytes", max_response_bytes)
        options = RequestOptions(
            timeout,
            deadline,
            retry,
            coalesce=coalesce,
            page_size=page_size,
            freshness=freshness,
            headers=headers,
        )
        if limiter is None:
            limiter = SlidingWindowLimiter(DOCUMENTED_LIMITS, patience=retry.max_retry_after)
        endpoint = Endpoint(base_url, api_key, auth_scheme)
        proxy = proxy_from_env(endpoint.base_url) if trust_env and session is None else None
        manager = SessionManager(
            endpoint,
            Transport(ConnectionPool(session), max_response_bytes, proxy),
            limiter,
            options,
            on_event,
            user_agent,
        )
        self.session_manager: SessionManager = manager
        """What issues the requests."""
        self._shared_limiter: SharedLimiter | None = None

    @classmethod
    def from_env(
        cls,
        *,
        session: ClientSession | None = None,
        limiter: RateLimiter | None = None,
        on_event: Callable[[Event], None] | None = None,
        trust_env: bool = True,
        user_agent: str | None = None,
    ) -> Self:
        """A client from ``MELTINGSPOT_API_KEY`` and, if set, ``MELTINGSPOT_BASE_URL``,
        ``MELTINGSPOT_AUTH_SCHEME`` and ``MELTINGSPOT_PAGE_SIZE``.

        Unless a ``limiter`` is given, all clients of the key share the limit: with ``MELTINGSPOT_REDIS_URL`` (extra
        ``redis``) those that use this Redis, with ``MELTINGSPOT_LIMIT_FILE`` those of this machine that use this file;
        ``auto`` is a file in the user's state folder. Other options are given by :meth:`with_options`.

        :raises UsageError: there is no key, a variable cannot work, or the extra ``redis`` is not installed.
        :raises LimiterUnavailableError: ``auto`` has no home folder to put the file in.
        """
        api_key, base_url = api_key_from_env(), base_url_from_env()
        shared = limiter_from_env(api_key, base_url) if limiter is None else None
        client = cls(
            api_key,
            base_url=base_url,
            auth_scheme=auth_scheme_from_env(),
            session=session,
            limiter=shared or limiter,
            on_event=on_event,
            trust_env=trust_env,
            page_size=page_size_from_env(),
            user_agent=user_agent,
        )
        client._shared_limiter = shared
        return client

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """A light copy with other options: ``timeout``, ``deadline``, ``retry``, ``priority``, ``coalesce``,
        ``page_size``, ``freshness``, ``headers``.

        It shares the connections, the limiter, the requests under way and the fresh answers. Closing either closes
        both. ``headers`` take the place of the client's.
        """
        twin = object.__new__(type(self))
        for name, attribute in vars(self).items():
            origin = getattr(type(self), name, None)
            if not isinstance(origin, cached_property):  # what is made of the session manager is made anew
                setattr(twin, name, attribute)
        twin.session_manager = self.session_manager.with_options(**changes)
        return twin

    @overload
    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> RawResponse: ...

    @overload
    async def get(
        self, path: str, params: Mapping[str, str | int] | None = None, *, model: type[M]
    ) -> Response[M]: ...

    async def get(
        self, path: str, params: Mapping[str, str | int] | None = None, *, model: type[M] | None = None
    ) -> RawResponse | Response[M]:
        """The answer to ``GET path``: the way to an endpoint that has no method yet, and to an answer's headers::

            surveys = await client.get("/v1/surveys", params={"limit": 20})
            print(surveys.json())
            group = await client.get("/v1/groups/group-1", model=Group)
            print(group.value.name, group.request_id)

        The key, the limit, the retries and the errors are those of every other call. Only that the answer is about the
        item asked for is not checked, as the path does not say which part of it is an id.

        :param path: absolute and percent-encoded, such as ``/v1/courses``.
        :param params: query parameters; brackets in their names are sent as they are.
        :param model: class of the model that a 200 describes, such as ``Group``; may be your own subclass of
            :class:`~meltingspot_async.Model`.
        :returns: with a model, what the answer describes, in its :class:`~meltingspot_async.Response`. Without, any 2xx
            answer as it was received: a :class:`~meltingspot_async.RawResponse`.
        :raises InvalidResponseError: the answer is not as the model documents it.

        It raises whatever else :meth:`SessionManager.get <meltingspot_async.SessionManager.get>` does.
        """
        if model is None:
            return await self.session_manager.get(path, params)
        if not (isinstance(model, type) and issubclass(model, models.Model)):
            raise UsageError(
                "model takes a model class, such as CourseParticipant: read other answers by json()."
            )
        from .models._converter import structure_document  # noqa: PLC0415 - whoever has a model has loaded it

        reply = await self.session_manager.ask(path, params)
        notice = self.session_manager.notice(reply.call_id, path)
        value = structure_document(reply.document, model, path, notice=notice)
        return Response(value, reply.response.status, reply.response.headers)

    def forget(self, path: str | None = None) -> None:
        """Give no answer again that was received before, of what stands at a path or below it; by default, of anything.

        For when a program learns that something has changed::

            client.forget("/v1/courses/course-1")  # with its participants

        Without ``freshness`` there is nothing to forget. Copies of the client forget, too. A request that was under way
        by then is given to all who wait for it, newcomers included, and is not kept.

        :param path: absolute and percent-encoded, as for :meth:`get`.
        :raises UsageError: it is not such a path.
        """
        self.session_manager.forget(path)

    async def aclose(self) -> None:
        """End the calls under way, wherever they wait, and close the connections. May be called twice.

        Such a call raises ``UsageError``. A session that was given stays open.
        """
        await self.session_manager.aclose()
        if self._shared_limiter is not None:
            await self._shared_limiter.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied: connections and limiter cannot be, and the key should not be.

        :raises TypeError: always.
        """
        raise TypeError(
            "A MeltingSpotClient cannot be pickled or copied: it holds connections, a limiter and the key. "
            "Make one client in each process; with_options() gives a copy that shares all of them."
        )

    def __repr__(self) -> str:
        return f"MeltingSpotClient(base_url={self.session_manager.base_url!r})"

"""A fake MeltingSpot: an aiohttp server on a loopback port that counts requests as the service does."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Literal, Self
from weakref import WeakSet

from aiohttp import web

from ..client import MeltingSpotClient
from ..errors import UsageError
from ..events import Event
from ..models import Model, to_dict
from ..rate_limit import RateLimit
from .aiming import AimedFaults
from .answers import json_answer, nothing_at, owners_of, path_for
from .arrivals import Received, Windows, received
from .exporting import exported
from .factories import make_course_participant
from .faults import Fault
from .operations import (
    DEFAULT_LIMIT,
    EXPORT,
    LISTS,
    MAX_EXPORT_LIMIT,
    Item,
    invalid_parameter,
    path_of,
    selected,
)
from .placing import placed
from .skipping import client_without_waits
from .threads import in_thread


class FakeMeltingSpot:
    """The service, as far as it is documented, on a loopback port::

        async with FakeMeltingSpot() as fake:
            fake.seed("course-1", 25)
            async with fake.client() as client:
                participant = await client.course_participants.get("course-1", "participant-3")

    In a program without an event loop, or on another one, ``with FakeMeltingSpot() as fake`` runs it in a thread.

    It counts requests as they arrive, in sliding windows, and answers those beyond the limit with 429 and a
    ``Retry-After`` in whole seconds. (MeltingSpot documents neither; RFC 6585 and RFC 9110 do.)

    It has every documented GET, and gives the items that were added to it, in that order. A parameter of another
    type than documented gets a 400. What the documentation leaves open can be chosen.

    :param limits: how many requests it accepts. Default 100 per 10 s.
    :param first_page: number of the first page, 0 or 1. Default 1.
    :param largest_page: most items of one page, whatever ``limit`` says. Default 100.
    :param largest_limit: the largest ``limit`` that it accepts; a larger one gets a 400. Default: any.
    :param claimed_total: the ``total`` that it claims, from the items of the list and those of the page. Default: the
        items of the list. ``lambda items, _: min(items, 10_000)`` counts no further than many services do.
    :param past_the_end: what it answers for a page that does not exist: an ``"empty"`` page, the ``"last"`` one
        again, or a ``"404"``.
    :param repeats_event: whether an export begins with the event that ``fromEventId`` names.
    :param largest_export: most events of one answer of an export, whatever ``limit`` says. Default 10,000.
    :param filters_export_late: whether an export takes so many events first, and then those of them that pass the
        filters, so that an answer may hold few or none in the middle.
    :param auth_scheme: word that must stand before the key. Default: none.
    :param cold: seconds that the first request of a connection travels before it arrives.
    :param warm: seconds that any further request of a connection travels.
    :param port: on which it listens. Default: any that is free.
    """

    api_key = "fake-key"
    """The only key that the fake accepts in the ``Authorization`` header."""

    def __init__(
        self,
        *,
        limits: Iterable[RateLimit] = (RateLimit(100, per=10.0),),
        cold: float = 0.0,
        warm: float = 0.0,
        first_page: Literal[0, 1] = 1,
        largest_page: int = 100,
        largest_limit: int | None = None,
        claimed_total: Callable[[int, int], int] = lambda items, _: items,
        past_the_end: Literal["empty", "last", "404"] = "empty",
        repeats_event: bool = False,
        largest_export: int = MAX_EXPORT_LIMIT,
        filters_export_late: bool = False,
        auth_scheme: str | None = None,
        port: int = 0,
    ) -> None:
        self._first_page = first_page
        self._largest_page = largest_page
        self._largest_limit = largest_limit
        self._claimed_total = claimed_total
        self._past_the_end = past_the_end
        self._windows = Windows(limits)
        self._skipped = 0.0
        self._cold = cold
        self._warm = warm
        self._repeats_event = repeats_event
        self._largest_export = largest_export
        self._filters_export_late = filters_export_late
        self._auth_scheme = auth_scheme
        self._port = port
        self._thread = ExitStack()
        self._lists: dict[str, dict[str, dict[str, object]]] = {}
        self._faults = AimedFaults()
        self._connections = WeakSet[object]()
        self.received: list[Received] = []
        """Every request, in order of arrival."""
        self.base_url: str = ""
        """Address of the running fake; empty before it is started."""
        app = web.Application()
        for template in LISTS:
            usual = self._usual_export if template == EXPORT else self._usual_list
            app.router.add_get(template, self._answering(partial(usual, template)))
            app.router.add_get(template + "/{item}", self._answering(partial(self._usual_item, template)))
        app.router.add_get(
            "/{tail:.*}", self._answering(lambda _: json_answer({"message": "no such operation"}, 404))
        )
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01, keepalive_timeout=3600
        )

    def client(self, on_event: Callable[[Event], None] | None = None) -> MeltingSpotClient:
        """A client of the running fake, for tests that take no real seconds.

        It tries again, gives up and raises like any other, and where another would wait before a call is sent again,
        the fake's clock moves on instead, as :attr:`Received.at` shows: ``Retry-After: 30`` costs nothing but is kept.
        A deadline refuses a wait that is longer, as always; skipped waits do not use it up. It keeps no limit.

        :raises UsageError: the fake has not been started.
        """
        if not self.base_url:
            raise UsageError("Start the fake first: async with FakeMeltingSpot() as fake.")
        return client_without_waits(self.api_key, self.base_url, self._auth_scheme, on_event, self._skip)

    def add(self, *items: Item | Mapping[str, object]) -> None:
        """Add items, each to the list where it belongs: models, or JSON objects as the service writes them.

        :raises UsageError: an item is neither, or does not say to which list it belongs.
        """
        for item in items:
            path, document = placed(item)
            self.add_documents(path, document)

    def add_to(self, path: str, *items: Model) -> None:
        """Add items to the list of a path, such as ``/v1/groups/group-1/spotMembers``, or in the export."""
        self.add_documents(path, *map(to_dict, items))

    def add_documents(self, path: str, *documents: Mapping[str, object]) -> None:
        """Add items as the service would write them, well-formed or not, to the list of a path."""
        found = self._lists.setdefault(path, {})
        for document in documents:
            found[str(document.get("id", f"number {len(found)}"))] = dict(document)

    def add_first(self, *items: Item) -> None:
        """Add items at the beginning of the lists where they belong, so that all others move."""
        for item in items:
            path = path_of(item)
            others = self._lists.pop(path, {})
            self.add(item)
            self._lists[path].update(others)

    def remove(self, *items: Item) -> None:
        """Remove items from the lists where they belong."""
        for item in items:
            del self._lists[path_of(item)][str(to_dict(item)["id"])]

    def seed(self, course_id: str, count: int) -> list[str]:
        """Add ``count`` participants to a course; returns their ids."""
        made = [make_course_participant(number, course_id=course_id) for number in range(count)]
        self.add(*made)
        return [participant.id for participant in made]

    def fail(self, *faults: Fault, path: str | None = None, times: int | None = 1) -> None:
        """Let requests fail that are within the limit: one fault each, in order.

        :param path: which requests: those for a path, such as ``/v1/courses/course-1/participants``, in which a name in
            braces, such as ``{id}``, stands for any; or those that have an id in their path, such as ``participant-3``.
            Default: the next ones.
        :param times: how often each fault happens; ``None`` for every time, until :meth:`recover`. Default 1.
        :raises UsageError: that is not a fault, a path, or a number of times.
        """
        for fault in faults:
            self._faults.add(fault, path, times)

    def recover(self) -> None:
        """Answer as usual from now on: forget the faults that have not happened."""
        self._faults.clear()

    def most_received(self, per: float) -> int:
        """How many requests arrived within the busiest window of ``per`` seconds."""
        times = [request.at for request in self.received]
        return max((sum(start <= at < start + per for at in times) for start in times), default=0)

    @property
    def open_connections(self) -> int:
        """How many connections are open, in use or not."""
        return 0 if self._runner.server is None else len(self._runner.server.connections)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def __enter__(self) -> Self:
        self._thread.enter_context(in_thread(self.__aenter__, self._runner.cleanup))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.close()

    async def _skip(self, seconds: float) -> None:
        self._skipped += seconds
        await asyncio.sleep(0)

    def _usual_item(self, template: str, request: web.Request) -> web.Response:
        path = path_for(template, request)
        document = self._lists.get(path, {}).get(request.match_info["item"])
        if document is None:
            return nothing_at(path if path in self._lists else owners_of(template))
        return json_answer(document)

    def _usual_list(self, template: str, request: web.Request) -> web.Response:
        path, query, owner = path_for(template, request), request.query, request.match_info.get("parent")
        if (
            path not in self._lists
            and owner is not None
            and owner not in self._lists.get(owners_of(template), {})
        ):
            return nothing_at(owners_of(template))
        wrong = invalid_parameter({**LISTS[template], "page": int, "limit": int}, query)
        if wrong is not None or int(query.get("limit", 1)) < 1 or int(query.get("page", 0)) < 0:
            return json_answer({"message": f"{wrong or 'page or limit'} is not valid"}, 400)
        if self._largest_limit is not None and int(query.get("limit", 1)) > self._largest_limit:
            return json_answer({"message": f"limit must not be above {self._largest_limit}"}, 400)
        size = min(int(query.get("limit", DEFAULT_LIMIT)), self._largest_page)
        found = list(selected(self._lists.get(path, {}).values(), query))
        number = int(query.get("page", self._first_page)) - self._first_page
        last = max(0, math.ceil(len(found) / size) - 1)
        if not 0 <= number <= last and self._past_the_end == "404":
            return json_answer({"message": "page not found"}, 404)
        if self._past_the_end == "last":
            number = min(max(number, 0), last)
        items = found[number * size : (number + 1) * size] if number >= 0 else []
        return json_answer({"items": items, "total": self._claimed_total(len(found), len(items))})

    def _usual_export(self, template: str, request: web.Request) -> web.Response:
        events = self._lists.get(EXPORT, {})
        repeats, late = self._repeats_event, self._filters_export_late
        return exported(events, request.query, self._largest_export, repeats_event=repeats, filters_late=late)

    def _answering(
        self, usual: Callable[[web.Request], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(request, usual(request))

        return answer

    async def _answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Let the request arrive, count it, and give it its usual answer or the next fault."""
        await asyncio.sleep(self._travel_time(request))
        now = asyncio.get_running_loop().time() + self._skipped
        wait = self._windows.wait(now)
        self.received.append(received(request, now, refused=wait > 0))
        if wait > 0:
            return json_answer({"message": "Too many requests"}, 429, {"Retry-After": str(math.ceil(wait))})
        fault = self._faults.next_for(request.rel_url.raw_path)
        if fault is not None:
            return await fault.answer(request, usual)
        authorization = f"{self._auth_scheme} {self.api_key}" if self._auth_scheme else self.api_key
        if request.headers.get("Authorization") != authorization:
            return json_answer({"message": "Unauthorized"}, 401)
        return usual

    def _travel_time(self, request: web.Request) -> float:
        seconds = self._warm if request.transport in self._connections else self._cold
        self._connections.add(request.transport)
        return seconds

"""A fake MeltingSpot: an aiohttp server on a loopback port that keeps count as the service would."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from collections import deque
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Literal, Protocol, Self
from weakref import WeakSet

import attrs
from aiohttp import web

from ..models import CourseParticipant
from ..rate_limit import RateLimit
from ..structuring import unstructure
from .factories import make_course_participant


@attrs.frozen
class Received:
    """One request, as the service saw it."""

    at: float
    """Time of the loop's clock when it arrived."""
    path: str
    """Path and query, encoded as they came."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    refused: bool
    """Whether it was one too many and got a 429."""


class Fault(Protocol):
    """Something done to a request instead of, or before, answering it."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Answer in another way than the usual one, or not at all."""
        ...


@attrs.frozen
class Answer:
    """A ready answer: any status, any body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Answer with this."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@attrs.frozen
class Delay:
    """The usual answer, late."""

    seconds: float

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        return usual


@attrs.frozen
class Reset:
    """No answer: the connection is reset after the request was received."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Reset the connection."""
        _cut(request, reset=True)
        return usual


@attrs.frozen
class Truncate:
    """The usual answer, whose connection closes half-way through the body."""

    async def answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Send half of the body."""
        body = usual.body if isinstance(usual.body, bytes) else b"{}"
        part = web.StreamResponse(
            headers={"Content-Length": str(len(body)), "Content-Type": "application/json"}
        )
        await part.prepare(request)
        await part.write(body[: len(body) // 2])
        _cut(request, reset=False)
        return part


class FakeMeltingSpot:
    """The service, as far as its documentation tells, on a loopback port::

        async with FakeMeltingSpot() as fake:
            fake.seed("course-1", 25)
            async with MeltingSpotClient(fake.api_key, base_url=fake.base_url) as client:
                participant = await client.course_participants.get("course-1", "participant-3")

    It counts requests as they arrive, in sliding windows, and answers one too many with 429 and a
    ``Retry-After`` in whole seconds. (MeltingSpot documents neither; RFC 6585 and RFC 9110 do.)

    It lists participants in the order in which they were added. What the documentation leaves open of lists can be
    chosen.

    :param limits: how many requests it takes. Default 100 per 10 s.
    :param first_page: number of the first page, 0 or 1. Default 1.
    :param largest_page: items it gives at once, whatever ``limit`` says. Default 100.
    :param past_the_end: what a page that does not exist is: ``"empty"``, the ``"last"`` one again, or a ``"404"``.
    :param cold: seconds that the first request of a connection travels before it arrives.
    :param warm: seconds that any further request of a connection travels.
    """

    api_key = "fake-key"
    """The one key it accepts, alone in the ``Authorization`` header."""

    def __init__(
        self,
        *,
        limits: Iterable[RateLimit] = (RateLimit(100, per=10.0),),
        cold: float = 0.0,
        warm: float = 0.0,
        first_page: Literal[0, 1] = 1,
        largest_page: int = 100,
        past_the_end: Literal["empty", "last", "404"] = "empty",
    ) -> None:
        self._first_page = first_page
        self._largest_page = largest_page
        self._past_the_end = past_the_end
        self._arrivals = [(limit, deque[float]()) for limit in limits]
        self._cold = cold
        self._warm = warm
        self._participants: dict[tuple[str, str], CourseParticipant] = {}
        self._faults: deque[Fault] = deque()
        self._connections = WeakSet[object]()
        self.received: list[Received] = []
        """Every request, in order of arrival."""
        self.base_url = ""
        """Its address, once it runs."""
        app = web.Application()
        app.router.add_get("/v1/courses/{course}/participants/{participant}", self._get_participant)
        app.router.add_get("/v1/courses/{course}/participants", self._list_participants)
        app.router.add_get("/{tail:.*}", self._get_nothing)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01, keepalive_timeout=3600
        )

    def add(self, *participants: CourseParticipant) -> None:
        """Have these participants."""
        for participant in participants:
            self._participants[participant.course_id, participant.id] = participant

    def seed(self, course_id: str, count: int) -> list[str]:
        """Have ``count`` participants in a course; their ids."""
        made = [make_course_participant(number, course_id=course_id) for number in range(count)]
        self.add(*made)
        return [participant.id for participant in made]

    def fail(self, *faults: Fault) -> None:
        """Do these to the next requests that are within the limit, one each, in order."""
        self._faults.extend(faults)

    def most_received(self, per: float) -> int:
        """The most requests that arrived within any window of ``per`` seconds."""
        times = [request.at for request in self.received]
        return max((sum(start <= at < start + per for at in times) for start in times), default=0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _get_participant(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["course"], request.match_info["participant"]
        participant = self._participants.get(key)
        if participant is None:
            what = "participant" if any(course == key[0] for course, _ in self._participants) else "course"
            return await self._answer(request, _json({"message": f"{what} not found"}, 404))
        return await self._answer(request, _json(unstructure(participant)))

    async def _list_participants(self, request: web.Request) -> web.StreamResponse:
        course = [
            p for (course, _), p in self._participants.items() if course == request.match_info["course"]
        ]
        if not course:
            return await self._answer(request, _json({"message": "course not found"}, 404))
        found = [participant for participant in course if _matches(participant, request.query)]
        size = min(int(request.query.get("limit", "20")), self._largest_page)
        number = int(request.query.get("page", "1")) - self._first_page
        last = max(0, math.ceil(len(found) / size) - 1)
        if not 0 <= number <= last and self._past_the_end == "404":
            return await self._answer(request, _json({"message": "page not found"}, 404))
        if self._past_the_end == "last":
            number = min(max(number, 0), last)
        on_page = found[number * size : (number + 1) * size] if number >= 0 else []
        items = [unstructure(participant) for participant in on_page]
        return await self._answer(request, _json({"items": items, "total": len(found)}))

    async def _get_nothing(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, _json({"message": "no such operation"}, 404))

    async def _answer(self, request: web.Request, usual: web.Response) -> web.StreamResponse:
        """Let the request arrive, count it, and answer it in the usual way unless it is to fail."""
        await asyncio.sleep(self._travel_time(request))
        wait = self._wait_for_limit()
        now = asyncio.get_running_loop().time()
        self.received.append(Received(now, request.path_qs, request.headers.copy(), wait > 0))
        if wait > 0:
            return _json({"message": "Too many requests"}, 429, {"Retry-After": str(math.ceil(wait))})
        if self._faults:
            return await self._faults.popleft().answer(request, usual)
        if request.headers.get("Authorization") != self.api_key:
            return _json({"message": "Unauthorized"}, 401)
        return usual

    def _travel_time(self, request: web.Request) -> float:
        seconds = self._warm if request.transport in self._connections else self._cold
        self._connections.add(request.transport)
        return seconds

    def _wait_for_limit(self) -> float:
        """Seconds until a request would be within every limit; 0 counts one in."""
        now = asyncio.get_running_loop().time()
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


def _matches(participant: CourseParticipant, query: Mapping[str, str]) -> bool:
    """Whether a participant passes the documented filters."""
    fields = {
        "status": participant.status,
        "email": participant.spot_member_email,
        "firstname": participant.spot_member_firstname,
        "lastname": participant.spot_member_lastname,
    }
    return all(
        (f"{name}[in]" not in query or value in query[f"{name}[in]"].split(","))
        and (f"{name}[eq]" not in query or value == query[f"{name}[eq]"])
        for name, value in fields.items()
    )


def _json(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = json.dumps(document).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _cut(request: web.Request, *, reset: bool) -> None:
    """Close the request's connection, with a reset if asked for."""
    transport = request.transport
    assert transport is not None  # a client that hangs up cancels the handler
    if reset:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()

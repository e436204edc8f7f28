"""The connections that requests go over: of a session that was given, or of one opened on first use and closed."""

from __future__ import annotations

import asyncio
import math

import aiohttp
import attrs

from ..errors import UsageError

MAX_IDLE = 15.0
"""Seconds after which aiohttp closes a connection that nobody uses, unless it was asked for another time."""


@attrs.define(eq=False)
class Connections:
    """A session. A block of it is a request under way; once it is retired, the last of them closes it."""

    session: aiohttp.ClientSession
    _under_way: int = attrs.field(default=0, init=False)
    _is_retired: bool = attrs.field(default=False, init=False)

    async def __aenter__(self) -> None:
        self._under_way += 1

    async def __aexit__(self, *_: object) -> None:
        self._under_way -= 1
        if self._is_retired:
            await self.retire()

    async def retire(self) -> None:
        """Close the session as soon as it is not in use."""
        self._is_retired = True
        if not self._under_way:
            await self.session.close()


class ConnectionPool:
    """Which session a request goes over.

    :param given: a session to use as it is, or ``None``.
    """

    def __init__(self, given: aiohttp.ClientSession | None) -> None:
        if given is not None and given.auth is not None:
            raise UsageError("The session given has credentials of its own (auth=): make one without.")
        self._given = None if given is None else Connections(given)
        self._own: Connections | None = None
        self._opened: list[Connections] = []
        self._closing_until = -math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> Connections:
        """The connections, if they can be used here and now.

        :raises UsageError: the client or the session given is closed, or belongs to another event loop.
        """
        self._check()
        if self._given is not None:
            if self._given.session.closed:
                raise UsageError(
                    "The aiohttp session given to this client has been closed: give it an open one."
                )
            return self._given
        if self._own is None:
            # The limiter bounds what is under way: a pool limit would only eat into the attempts' timeout.
            connector = aiohttp.TCPConnector(limit=0)
            self._own = Connections(
                aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            )
            self._opened = [*(one for one in self._opened if not one.session.closed), self._own]
        return self._own

    @property
    def closes_after_use(self) -> bool:
        """Whether a request is to close the connection that it used."""
        return asyncio.get_running_loop().time() < self._closing_until

    def check_loop(self) -> None:
        """Refuse to be closed on another loop than the one of the connections, if there are any.

        :raises UsageError: this is another loop.
        """
        if self._own is not None:
            self._check()

    async def retire(self, connections: Connections) -> None:
        """Send nothing more over these connections: they may be one answer behind.

        The next request opens a session anew; requests under way end over the old one. A session that was given has
        no way to do that: for a while, each request closes the connection that it used.
        """
        if connections is self._given:
            self._closing_until = asyncio.get_running_loop().time() + MAX_IDLE
        elif connections is self._own:
            self._own = None
            await connections.retire()

    async def close(self) -> None:
        """Close the sessions that were opened here, if any."""
        self._closed = True
        self._own, opened, self._opened = None, self._opened, []
        for connections in opened:
            await connections.session.close()

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise UsageError("This client is closed: make a new one.")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise UsageError(
                "This client was first used on another event loop, and its connections belong there: "
                "make one client per event loop."
            )

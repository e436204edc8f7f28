"""The aiohttp session under a client: its life, and what keeps it from doing more than it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import aiohttp
from yarl import URL

from ..errors import UsageError

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_read=None, sock_connect=None)


class HttpSession:
    """The aiohttp session: opened when and on the loop where it is first needed, closed if it is ours."""

    def __init__(self, given: aiohttp.ClientSession | None) -> None:
        if given is not None and given.auth is not None:
            raise UsageError("The session given has credentials of its own (auth=): make one without.")
        self._given = given
        self._session = given
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> aiohttp.ClientSession:
        """The session, if it can be used here and now."""
        self._check()
        if self._session is None:
            # The limiter bounds what is under way: a pool limit would only eat into the attempts' timeout.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        if self._session.closed:
            raise UsageError("The aiohttp session given to this client has been closed: give it an open one.")
        return self._session

    def get(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """One request, sent once, to just this encoded URL, whatever the session given would do by itself."""
        return self.open().get(
            URL(url, encoded=True),
            headers=headers,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=True,
            timeout=_NO_TIMEOUT,
            middlewares=(_send_once,),
        )

    async def close(self) -> None:
        """Close the session, unless it was given."""
        if self._session is not None and self._given is None and not self._closed:
            self._check()
            await self._session.close()
        self._closed = True

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


class InterruptedExchangeError(Exception):
    """A connection broke after the request may have been received."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself.

    When a kept-alive connection breaks, aiohttp repeats a GET once, unseen. The service may have counted the
    first one too, and there is one slot for both. Any error but aiohttp's own passes through unrepeated.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        name = name_of(error)
    raise InterruptedExchangeError(name)


def name_of(error: Exception) -> str:
    """The name of what happened, in the words of aiohttp."""
    return str(error) if isinstance(error, InterruptedExchangeError) else type(error).__name__

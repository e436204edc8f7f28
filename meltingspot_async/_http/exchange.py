"""One request and its answer: what is sent, and what an unsuccessful answer means."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from functools import cached_property

import attrs

from ..errors import InvalidResponseError
from ..events import Throttled
from .call import Call
from .endpoint import Endpoint
from .reporter import Reporter
from .response import RawResponse, api_error, document
from .retry_after import retry_after
from .streaming import MakeScope, entered_within, lines_of
from .transport import Request, Transport


@attrs.frozen
class Reply:
    """An answer, and which request it answers."""

    response: RawResponse
    asked: int
    """Number of the request, among all that were sent."""
    call_id: str
    """Id of the call whose request it was."""

    @cached_property
    def document(self) -> object:
        """What the body of a 200 holds. Read once, for all who share the answer: nobody may change it.

        :raises InvalidResponseError: the status is another success, or the body is not JSON.
        """
        return document(self.response)


@attrs.frozen
class Exchange:
    """Sends requests, and reports how they end."""

    endpoint: Endpoint
    transport: Transport
    reporter: Reporter
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Of every request; the key, and what the caller adds, come to them."""

    def request(self, call: Call, url: str) -> Request:
        """The call's next request."""
        headers = {**self.headers, **dict(call.options.headers), **self.endpoint.headers()}
        return Request(call.path, url, headers, call.options.timeout, call.attempt)

    async def send(self, call: Call, url: str) -> RawResponse:
        """One request and its whole answer, of whatever status, within ``timeout``."""
        with self.reporter.attempt(call) as outcome:
            response = await self.transport.send(self.request(call, url))
            if response is None:
                problem = f"it is larger than max_response_bytes ({self.transport.max_response_bytes} bytes)"
                raise InvalidResponseError(call.path, "$", problem)
            outcome.status = response.status
        return response

    async def lines(self, call: Call, url: str, scope: MakeScope) -> AsyncGenerator[bytes, None]:
        """One request, and the lines of its answer as they arrive, with ``timeout`` from one to the next.

        :param scope: what bounds each wait for the service besides.
        """
        request = self.request(call, url)
        with self.reporter.attempt(call) as outcome:
            async with (
                entered_within(scope, self.transport.stream(request)) as answer,
                aclosing(lines_of(answer, request, scope)) as lines,
            ):
                async for line in lines:
                    yield line
            outcome.status = answer.head.status
        self.raise_for_status(call, answer.head)
        if answer.head.status != 200:
            raise InvalidResponseError(call.path, "$", f"its status is {answer.head.status} instead of 200")

    def raise_for_status(self, call: Call, response: RawResponse) -> None:
        """Raise what an unsuccessful answer amounts to. How long a 429 makes the key pause is decided here."""
        if response.is_success:
            return
        asked = retry_after(response.status, response.headers, datetime.now(UTC))
        pause = None
        if response.status == 429:
            pause = call.options.retry.pause(asked, call.refusals, random.random())
            self.reporter.report(Throttled(call.id, call.path, pause))
        raise api_error(
            call.path,
            response,
            self.endpoint.api_key,
            attempt=call.attempt,
            retry_after=asked,
            pause=pause,
        )

"""Whatever the libraries below raise, a call ends with an error of ours or a cancellation."""

from __future__ import annotations

import asyncio
import asyncio.exceptions
import builtins
import concurrent.futures
import inspect
import json
import pickle
import ssl
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock

import aiohttp
import cattrs.errors
import idna
import pytest
import yarl
from aiohttp import client_exceptions, http_exceptions

from meltingspot_async import MeltingSpotClient, RetryPolicy, TransportError
from meltingspot_async.models._json import _fast

SECRET = "ada@example.com"


def raised_by(*modules: ModuleType) -> list[type[Exception]]:
    """Every public class of exceptions of these modules."""
    found = {
        thing
        for module in modules
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and issubclass(thing, Exception) and not name.startswith("_")
    }
    return sorted(found - {ExceptionGroup}, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


def made(kind: type[Exception]) -> Exception:
    """An instance, with whatever its class wants to be given, and a secret in each of its texts."""
    connection = SimpleNamespace(host="service.example", port=443, ssl=True, is_ssl=True)
    refusal = OSError(5, SECRET)
    certificate = ssl.SSLCertVerificationError(1, SECRET)
    certificate.verify_code, certificate.verify_message = 18, SECRET
    wanted: tuple[tuple[Any, ...], ...] = (
        *(("utf-8", SECRET.encode(), 0, 1, SECRET), ("idna", SECRET, 0, 1, SECRET), (SECRET, 0, 1, SECRET)),
        *((connection, certificate), (connection, refusal), (SECRET, connection, refusal)),
        *(
            (SECRET,),
            (SECRET, SECRET, 0),
            (Mock(), ()),
            (SECRET, [refusal], Mock()),
            (b"", b"", SECRET, 1),
            (SECRET, 0),
            (SECRET, int, {SECRET}),
            (),
        ),
    )
    if not issubclass(kind, UnicodeError):
        wanted = wanted[3:] if issubclass(kind, aiohttp.ClientError) else wanted[6:]
    for arguments in wanted:
        try:
            error = kind(*arguments)
            str(error)
        except (TypeError, ValueError, AttributeError):
            continue
        return error
    raise AssertionError(kind)


KINDS = raised_by(
    *(client_exceptions, http_exceptions, yarl, idna, idna.core, ssl, zlib, json, cattrs.errors),
    *(asyncio.exceptions, concurrent.futures, builtins),
    *(() if (orjson := inspect.getmodule(_fast)) is None else (orjson,)),
)


class _Failing:
    """An aiohttp session that fails: when a request is made, or while its body is read."""

    def __init__(self, error: BaseException, *, late: bool) -> None:
        self.closed, self.trust_env, self.auth = False, False, None
        self._error, self._late = error, late

    @asynccontextmanager
    async def get(self, url: object, **_: object) -> AsyncGenerator[Any, None]:
        if not self._late:
            raise self._error
        content = SimpleNamespace(iter_any=self._pieces, readany=self._piece)
        yield SimpleNamespace(status=200, headers={}, content=content)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        yield b"{"
        raise self._error

    async def _piece(self) -> bytes:
        raise self._error


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
async def test_whatever_is_raised_is_an_error_of_ours(kind: type[Exception]) -> None:
    """Any exception of the libraries, at any point, ends a call in one that can be shown, pickled and acted upon."""
    errors: list[object] = []
    for late in (False, True):
        session: Any = _Failing(made(kind), late=late)
        async with MeltingSpotClient("key", session=session, retry=RetryPolicy(attempts=1)) as client:
            calls = (
                client.course_participants.get("c", "p"),
                client.activities.export(from_event_id="0").__anext__(),
            )
            errors.extend(await asyncio.gather(*calls, return_exceptions=True))
    for error in errors:
        assert isinstance(error, TransportError)
        assert error.__context__ is None
        assert error.__cause__ is None
        assert SECRET not in f"{error}{error!r}{vars(error)}"
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_cancellation_stays_a_cancellation() -> None:
    """A cancellation at the edge is no error of ours."""
    session: Any = _Failing(asyncio.CancelledError(), late=False)
    async with MeltingSpotClient("key", session=session) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.get("/v1/courses")

"""Single items: from a path and a model to the model, asked for or given again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import TypeVar

from .._redaction import shown_path
from ..errors import AuthenticationError, NotFoundError, PermissionDeniedError, UsageError
from ..models._converter import structure_document
from .endpoint import expand_path
from .freshness import Key
from .options import OptionChanges
from .refreshing import Wanted
from .session import SessionManager

T = TypeVar("T")


def get(session: SessionManager, path: str, model: type[T], item_id: str) -> Awaitable[T]:
    """What stands at a path, which must have this id: from the service, or from an answer that is fresh enough."""
    options = session.options
    if options.freshness is None:
        return fetch(session, path, model, item_id)
    session.check_open()

    def ask(changes: OptionChanges, call_id: str) -> Awaitable[T]:
        return fetch(session.with_options(**changes), path, model, item_id, call_id)

    key = Key.of(path, model, options.headers)
    wanted = Wanted(key, shown_path(path), options, options.freshness, ask, session.sleep)
    return session.fresh.get(wanted)


async def fetch(
    session: SessionManager, path: str, model: type[T], item_id: str, call_id: str | None = None
) -> T:
    """The same, always from the service. With freshness, it is kept; a refusal ends what was kept."""
    kept = session.fresh.kept
    try:
        reply = await session.ask(path, item_id=item_id, call_id=call_id)
    except AuthenticationError:
        kept.forget()
        raise
    except (PermissionDeniedError, NotFoundError):
        _keep(session, path, model, None, next(kept.numbers), listed=True)
        raise
    item = structure_document(reply.document, model, path, notice=session.notice(reply.call_id, path))
    _keep(session, path, model, item, reply.asked)
    return item


def keep_page(
    session: SessionManager, path: str, model: type[T], items: Iterable[tuple[str, T]], asked: int
) -> None:
    """Let the items of a page, by their ids, answer later gets, each of which is at ``path/id``.

    :param asked: number of the request that the page answers.
    """
    for item_id, item in items if session.options.freshness else ():
        with suppress(UsageError):  # no get can ask for an id such as "." or ""
            _keep(session, path + expand_path("/{id}", id=item_id), model, item, asked, listed=True)


def _keep(
    session: SessionManager, path: str, model: type[T], item: T | None, asked: int, *, listed: bool = False
) -> None:
    options = session.options
    if options.freshness is not None:
        key, now = Key.of(path, model, options.headers), asyncio.get_running_loop().time()
        session.fresh.kept.keep(key, item, asked, freshness=options.freshness, now=now, listed=listed)

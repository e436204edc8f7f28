"""What the resources have in common: from a path and a model to an item, a list, or many items by their ids."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import ClassVar, Literal, TypedDict, TypeVar

from .._http import items
from .._http.endpoint import Params
from .._http.session import SessionManager
from .._paging.get_many import FetchResult, Ids, get_many
from .._paging.listing import Listing, OnChanged, OnInvalid
from .._paging.many_lists import ManyLists
from .._paging.service_list import ServiceList, by_id
from .._validation import require_count
from ..errors import UsageError
from ..models import Model
from ..rate_limit import Priority

OnError = Literal["yield", "raise"]

T = TypeVar("T")


class ListOptions(TypedDict, total=False):
    """Options of every list. :class:`~meltingspot_async.Listing` says what a list promises."""

    page_size: int | None
    """Items to ask for at once; the service may give fewer. ``None``, the default, stands for the client's."""
    on_invalid: OnInvalid
    """What becomes of items that are not as documented, after all others were given: with ``"raise"``, the default, an
    ``InvalidItemsError`` at the end; with ``"skip"`` an event for each, and ``Page.invalid``.
    """
    on_changed: OnChanged
    """What happens if the list changes in both of two readings: with ``"raise"``, the default, a ``ListChangedError``
    at the end; with ``"ignore"`` only ``Listing.missing``.
    """


class Resource:
    """Base of the resources. A single item is interactive, everything else is bulk by default."""

    _gives: ClassVar[type[Model] | None] = None
    """The model of the items that :meth:`_get` gives, each of which is an item of the list one level above its path."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    def _get(self, path: str, model: type[T], item_id: str) -> Awaitable[T]:
        """The item at a path, which must have this id."""
        return items.get(self._session, path, model, item_id)

    def _list(
        self,
        path: str,
        model: type[T],
        filters: Params,
        identify: Callable[[T], str] = by_id,
        *,
        page_size: int | None = None,
        on_invalid: OnInvalid = "raise",
        on_changed: OnChanged = "raise",
    ) -> Listing[T]:
        """The list at a path. ``identify`` tells one item from another."""
        source = self._source(path, model, page_size, filters, identify)
        _require_one_of("on_invalid", on_invalid, "raise", "skip")
        _require_one_of("on_changed", on_changed, "raise", "ignore")
        return Listing(source, on_invalid, on_changed)

    def _list_many(
        self, ids: Iterable[str], list_one: Callable[[str], Listing[T]], concurrency: int, *, in_order: bool
    ) -> ManyLists[T]:
        """The lists of several owners, such as courses, each distinct one once."""
        if isinstance(ids, str) or not isinstance(ids, Iterable):
            raise UsageError(
                "list_many takes several ids, such as a list, not one text; of an async iterable, "
                "[one async for one in ids] makes one."
            )
        require_count("concurrency", concurrency)
        lists = {list_id: list_one(list_id) for list_id in dict.fromkeys(ids)}
        return ManyLists(lists, concurrency, in_order=in_order)

    def _get_many(
        self, path: str, model: type[T], ids: Ids, concurrency: int, on_error: OnError
    ) -> AsyncGenerator[FetchResult[T], None]:
        """Items of the list at a path by their ids, each of which stands at ``path/id``."""
        if isinstance(ids, str) or not isinstance(ids, Iterable | AsyncIterable):
            raise UsageError("ids takes several ids, such as a list, not one text.")
        require_count("concurrency", concurrency)
        _require_one_of("on_error", on_error, "yield", "raise")
        return get_many(self._source(path, model), ids, concurrency, raising=on_error == "raise")

    def _source(
        self,
        path: str,
        model: type[T],
        page_size: int | None = None,
        filters: Params | None = None,
        identify: Callable[[T], str] = by_id,
    ) -> ServiceList[T]:
        session = self._session.with_default_priority(Priority.BULK)
        size = session.options.page_size if page_size is None else page_size
        require_count("page_size", size)
        resource = f"{type(self).__name__} {model.__name__}"
        return ServiceList(
            session, path, model, size, filters or {}, identify, resource, model is self._gives
        )


def _require_one_of(name: str, value: object, *choices: str) -> None:
    if value not in choices:
        raise UsageError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}.")

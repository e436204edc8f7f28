"""A list of the service without the service: pages of ids, at once. For promises about numbers of requests."""

from __future__ import annotations

import attrs

from meltingspot_async._http.list_habits import ListHabits
from meltingspot_async._paging.page import ReceivedPage
from meltingspot_async._paging.service_list import ServiceList


@attrs.frozen
class Item:
    """An item that is nothing but its id."""

    id: str


@attrs.frozen
class PagedList(ServiceList[Item]):
    """See the module's docstring."""

    ids: list[str] = attrs.field(factory=list[str])
    numbered_from: int = 1
    requests: list[int | str] = attrs.field(factory=list[int | str])
    """Numbers of the pages and ids of the single items that were asked for."""
    known: ListHabits = attrs.field(factory=ListHabits)

    @property
    def habits(self) -> ListHabits:
        return self.known

    async def page(self, number: int, size: int) -> ReceivedPage[Item]:
        self.requests.append(number)
        at = (number - self.numbered_from) * size
        items = self.ids[at : at + size] if at >= 0 else []
        return ReceivedPage(tuple((item_id, Item(item_id)) for item_id in items), (), len(self.ids))

    async def item(self, item_id: str) -> Item:
        self.requests.append(item_id)
        return Item(item_id)

"""What saves a program lines: the first item, a list, a number."""

from __future__ import annotations

from typing import Any

import pytest

from meltingspot_async import NotFoundError, UsageError
from meltingspot_async.testing import FakeMeltingSpot, make_course_participant

from ..support.course import WIDE, course


async def test_first_item_costs_one_page() -> None:
    """first() gives the first item, or None, and reads one page."""
    async with course(500) as (fake, client, ids):
        first = await client.course_participants.list("c").first()
        assert first is not None
        assert first.id == ids[0]
        assert await client.course_participants.list("c", status="Completed", emails="nobody").first() is None
        assert len(fake.received) == 2


async def test_list_is_made_up_to_a_limit() -> None:
    """to_list() gives all items, or as many as asked for without reading further."""
    async with course(500) as (fake, client, ids):
        listing = client.course_participants.list("c")
        assert [participant.id for participant in await listing.to_list(limit=7)] == ids[:7]
        assert len(fake.received) == 1
        assert [participant.id for participant in await listing.to_list()] == ids
        with pytest.raises(UsageError, match="limit must be a whole number"):
            await listing.to_list(limit=0)


async def test_count_costs_one_small_request() -> None:
    """count() gives the total of the service, by one request for one item."""
    async with course(500) as (fake, client, _):
        assert await client.course_participants.list("c").count() == 500
        assert [request.url.partition("?")[2] for request in fake.received] == ["limit=1&page=1"]


@pytest.mark.parametrize("size", [0, 1, 5])
async def test_count_is_right_where_pages_are_counted_from_0(size: int) -> None:
    """Where page 1 of a small list does not exist, count() asks for page 0; of an unknown course it is an error."""
    fake = FakeMeltingSpot(limits=[WIDE], first_page=0, past_the_end="404")
    async with course(size + 1, fake=fake) as (_, client, _ids):
        fake.remove(make_course_participant(size, course_id="c"))
        assert await client.course_participants.list("c").count() == size
        with pytest.raises(NotFoundError, match="course not found"):
            await client.course_participants.list("nowhere").count()


async def test_awaited_list_says_what_to_do() -> None:
    """Awaiting a listing is a TypeError that says `async for`."""
    async with course(1) as (fake, client, _):
        listing: Any = client.course_participants.list("c")
        with pytest.raises(TypeError, match="async for"):
            await listing
        assert not fake.received


async def test_filter_too_long_for_an_address_is_refused() -> None:
    """A thousand emails do not fit into an address: nothing is sent, and the error names the filter, no email."""
    async with course(1) as (fake, client, _):
        emails = [f"member-{number}@example.org" for number in range(1_000)]
        with pytest.raises(UsageError, match=r"email\[in\] is too long\. Split its values") as refused:
            await client.course_participants.list("c", emails=emails).to_list()
        assert "member-" not in str(refused.value)
        assert not fake.received


@pytest.mark.parametrize(
    ("option", "choices"),
    [("on_invalid", "'raise' or 'skip'"), ("on_changed", "'raise' or 'ignore'")],
)
async def test_wrong_option_is_refused_at_the_call(option: str, choices: str) -> None:
    """An option that does not exist is refused where it is given."""
    async with course(1) as (_, client, _ids):
        options: dict[str, Any] = {option: "never"}
        with pytest.raises(UsageError, match=f"{option} must be {choices}"):
            client.course_participants.list("c", **options)
        unknown: dict[str, Any] = {"pagesize": 7}
        with pytest.raises(TypeError, match="pagesize"):
            client.course_participants.list("c", **unknown)

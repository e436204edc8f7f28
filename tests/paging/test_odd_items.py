"""Odd items of a list: an odd field ends its item, never the page, and the caller learns of each."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from meltingspot_async import Event, InvalidItem, InvalidItemsError, InvalidResponseError, to_dict
from meltingspot_async.testing import Answer, make_course_participant

from ..support.course import course

PATH = "/v1/courses/c/participants"


def odd(number: int, **changes: object) -> dict[str, object]:
    """A participant as the service would write it, with odd fields."""
    return {**to_dict(make_course_participant(number, course_id="c")), **changes}


async def test_odd_item_does_not_keep_others_from_being_given() -> None:
    """Every well-formed item of every page is given, and an error at the end names the others, without values."""
    async with course(120) as (fake, client, ids):
        fake.add_documents(PATH, odd(500, completionRate="a secret"), odd(501, courseId=None))
        given: list[str] = []
        with pytest.raises(InvalidItemsError) as refused:  # noqa: PT012 - raised at the end of the iteration
            async for page in client.course_participants.list("c").pages():
                given.extend(participant.id for participant in page.items)
        error = refused.value
        assert given == ids
        assert (error.count, error.path, error.field) == (2, PATH, "$.items[20].completionRate")
        assert "item participant-500 at $.items[20].completionRate: expected" in str(error)
        assert "item participant-501 at $.items[21].courseId" in str(error)
        assert "a secret" not in str(error)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_odd_items_can_be_skipped() -> None:
    """With on_invalid="skip" odd items are an event each, and stand in Page.invalid."""
    events: list[Event] = []
    async with course(3, on_event=events.append) as (fake, client, ids):
        fake.add_documents(PATH, odd(7, status=3), {"courseId": "c"}, odd(8, id="anna@example.org", status=3))
        fake.add_documents(PATH, odd(9, id=9), odd(9, id="", status=3))
        (page,) = [page async for page in client.course_participants.list("c", on_invalid="skip").pages()]
        assert [participant.id for participant in page.items] == ids
        assert [item.id for item in page.invalid] == ["participant-7", None, "anna@example.org", None, None]
        reported = [event for event in events if isinstance(event, InvalidItem)]
        assert [item.id for item in reported] == ["participant-7", None, "[email]", None, None]
        assert [item.where for item in reported] == [item.where for item in page.invalid]
        assert "an item without id at $.items[4]." in str(reported[1])
        assert "anna" not in repr(reported)


async def test_event_of_an_odd_item_names_what_is_wrong_with_it_and_no_value() -> None:
    """An InvalidItem has the path of the list, the id, the field and the problem, and nothing of what was received."""
    events: list[Event] = []
    async with course(1, on_event=events.append) as (fake, client, _):
        fake.add_documents(PATH, odd(7, completionRate="Anna", spotMemberEmail="anna@example.org"))
        await client.course_participants.list("c", on_invalid="skip").to_list()
        (event,) = (event for event in events if isinstance(event, InvalidItem))
        problem = "expected a whole number, got a string"
        assert event == InvalidItem(PATH, "participant-7", "$.items[1].completionRate", problem)
        assert "anna" not in f"{event!r} {event}".lower()


@pytest.mark.parametrize(("count", "refused"), [(100, False), (101, True)])
async def test_page_of_odd_items_is_refused_at_once(count: int, refused: bool) -> None:
    """More than a hundred odd items on a page refuse it: it is no list of what was asked for."""
    async with course(0, page_size=200) as (fake, client, _):
        fake._largest_page = 200
        fake.add_documents(PATH, *(odd(number, status=None) for number in range(count)))
        with pytest.raises(InvalidResponseError) as error:
            await client.course_participants.list("c").to_list()
        assert isinstance(error.value, InvalidItemsError) is not refused


@pytest.mark.parametrize("item", ["x", None, [1]])
async def test_item_of_another_type_is_an_odd_item(item: Any) -> None:
    """An item that is no object is odd, and its path names it."""
    async with course(3) as (fake, client, _):
        fake._lists[PATH]["participant-1"] = item
        with pytest.raises(
            InvalidItemsError, match=r"an item without id at \$\.items\[1\]: expected an object"
        ):
            await client.course_participants.list("c").to_list()


@pytest.mark.parametrize(("page", "field"), [({"items": []}, "total"), ({"total": 3}, "items")])
async def test_page_without_items_or_total_is_refused(page: dict[str, object], field: str) -> None:
    """An answer that is no page of a list ends it, and names what is missing."""
    async with course(3) as (fake, client, _):
        fake.fail(Answer(200, json.dumps(page).encode()))
        with pytest.raises(InvalidResponseError) as refused:
            await client.course_participants.list("c").to_list()
        assert refused.value.field == f"$.{field}"

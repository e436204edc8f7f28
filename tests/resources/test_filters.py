"""Filters: what the service receives for the arguments of a list, and which arguments are refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import BadRequestError, MeltingSpotClient, ParticipantStatus, Range, UsageError
from meltingspot_async.resources._filters import build, several
from meltingspot_async.testing import FakeMeltingSpot

NAIVE = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


async def asked_for(fake: FakeMeltingSpot, client: MeltingSpotClient, **filters: object) -> str:
    """The query of the first page of a list with these filters."""
    fake.seed("c", 8)
    async for _ in client.course_participants.list("c", **filters):  # type: ignore[arg-type]
        break
    return fake.received[0].url.partition("?")[2].removesuffix("&limit=100&page=1")


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({}, "limit=100&page=1"),
        ({"status": ParticipantStatus.STARTED}, "status[eq]=Started"),
        ({"status": "Completed"}, "status[eq]=Completed"),
        ({"status": [ParticipantStatus.STARTED]}, "status[eq]=Started"),
        ({"status": ("Invited", ParticipantStatus.STARTED)}, "status[in]=Invited,Started"),
        ({"emails": "ada@example.com"}, "email[in]=ada%40example.com"),
        ({"emails": ["a+b@example.com", "c&d=e@example.com"]}, "email[in]=a%2Bb%40example.com,c%26d%3De%40example.com"),
        ({"firstnames": ["Zoé"], "lastnames": ["de la Cruz", "de la Cruz"]},
         "firstname[in]=Zo%C3%A9&lastname[in]=de%20la%20Cruz"),
        ({"filters": {"completionRate[gte]": 50, "status[neq]": "Invited"}},
         "completionRate[gte]=50&status[neq]=Invited"),
        ({"filters": {"email[notin]": ["a@example.com", "b@example.com"]}},
         "email[notin]=a%40example.com,b%40example.com"),
        ({"filters": {"lastname[eq]": "Smith, Jr."}}, "lastname[eq]=Smith,%20Jr."),
        ({"page_size": 7}, "limit=7&page=1"),
    ],
    ids=str,
)  # fmt: skip
async def test_filters_reach_the_service_as_documented(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, filters: dict[str, object], query: str
) -> None:
    """Keyword filters become LHS brackets, lists comma-separated values, and everything else is encoded."""
    assert await asked_for(fake_meltingspot, meltingspot, **filters) == query


async def test_undocumented_filters_reach_the_service_by_any_name(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """filters= takes bare names, dotted names and operators in camel case, and sends them as they are."""
    filters = {"fromEventId": "e", "address.city": "Paris", "lastname[startsWith]": "By"}
    with pytest.raises(BadRequestError):  # the fake service knows none of them
        await asked_for(fake_meltingspot, meltingspot, filters=filters)
    assert fake_meltingspot.received[0].url.endswith(
        "?fromEventId=e&address.city=Paris&lastname[startsWith]=By&limit=100&page=1"
    )


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"status": []}, "status"),
        ({"status": ""}, "status"),
        ({"status": 3}, "status"),
        ({"status": ["a,b", "c"]}, "status.*comma"),
        ({"emails": "a,b@example.com"}, "emails.*comma"),
        ({"emails": ""}, "emails is an empty text"),
        ({"emails": 5}, "emails takes texts"),
        ({"emails": []}, "emails is empty"),
        ({"emails": [""]}, "emails"),
        ({"emails": [None]}, "emails"),
        ({"emails": [True]}, "emails"),
        ({"emails": ["a,b@example.com"]}, "emails.*comma"),
        ({"firstnames": ["Ada, Countess"]}, "firstnames.*comma"),
        ({"filters": "status=Started"}, "filters takes a mapping"),
        ({"filters": {"page": 3}}, "page is set by the client itself"),
        ({"filters": {"limit": 3}}, "limit is set by the client itself"),
        ({"filters": {"a[b]&c": "x"}}, "is not a name"),
        ({"filters": {"a[b": "x"}}, "is not a name"),
        ({"filters": {"a..b": "x"}}, "is not a name"),
        ({"filters": {"": "x"}}, "is not a name"),
        ({"filters": {7: "x"}}, "is not a name"),
        ({"filters": {"x[eq]": None}}, r"filters\[x"),
        ({"filters": {"x[eq]": 1.5}}, r"filters\[x"),
        ({"filters": {"x[in]": []}}, r"filters\[x.*empty"),
        ({"status": "Started", "filters": {"status[eq]": "Invited"}}, "twice"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 2.5}, "page_size"),
        ({"page_size": True}, "page_size"),
    ],
    ids=str,
)
async def test_filter_that_cannot_be_sent_is_refused_unsent(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, filters: dict[str, object], names: str
) -> None:
    """A filter that the service could misunderstand is a UsageError that names the argument."""
    with pytest.raises(UsageError, match=names):
        meltingspot.course_participants.list("c", **filters)  # type: ignore[arg-type]
    assert not fake_meltingspot.received


@pytest.mark.parametrize("course_id", ["", "..", None])
async def test_list_without_a_course_is_refused_unsent(
    meltingspot: MeltingSpotClient, course_id: str
) -> None:
    """An empty course id is refused when the list is made, not when it is read."""
    with pytest.raises(UsageError, match="course_id"):
        meltingspot.course_participants.list(course_id)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_values_are_the_same_after_a_split_at_commas(values: list[str]) -> None:
    """Split at its commas, a list filter gives back the values in order, each once; or it is refused."""
    if any("," in value for value in values):
        with pytest.raises(UsageError):
            several(email=values)
    else:
        assert str(several(email=values)["email[in]"]).split(",") == list(dict.fromkeys(values))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"title": 7}, "title takes a text, not int"),
        ({"title_contains": 7}, "title_contains takes a text, not int"),
        ({"solution": [True]}, "solution takes texts or whole numbers, not bool"),
        ({"replay": "yes"}, "replay takes True or False, not str"),
        ({"invited": 1.5}, "invited takes a whole number or a Range of them, not float"),
        ({"no_show": Range(lte="3")}, r"no_show\.lte takes a whole number"),
        ({"no_show": Range[int]()}, r"no_show: the Range has no bound"),
        ({"start_date": "today"}, "start_date takes a datetime, not str"),
        ({"start_date": Range(gt=NAIVE)}, r"start_date\.gt takes a datetime with a timezone"),
        ({"unit": "h"}, 'unit must be "s" or "ms"'),
    ],
    ids=str,
)
async def test_refusal_names_the_argument(
    meltingspot: MeltingSpotClient, arguments: dict[str, object], message: str
) -> None:
    """The error names the argument as the caller wrote it, and the type it was given, never the value."""
    with pytest.raises(UsageError, match=f"^{message}"):
        meltingspot.lives.list(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("argument", ["registration_date_before", "invitation_date_after"])
async def test_refused_moment_names_its_argument(meltingspot: MeltingSpotClient, argument: str) -> None:
    """Arguments that end in _before or _after are named in full."""
    with pytest.raises(UsageError, match=f"^{argument} takes a datetime"):
        meltingspot.spot_members.list(**{argument: 5})  # type: ignore[arg-type]


def test_none_means_no_filter() -> None:
    """None means no filter."""
    assert several(email=None) == {}
    assert build(None, {}) == {}


async def test_fake_service_applies_the_documented_filters(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """The documented filters choose the participants they describe."""
    fake_meltingspot.seed("c", 40)

    async def chosen(**filters: Iterable[str]) -> set[str]:
        found = meltingspot.course_participants.list("c", **filters)  # type: ignore[arg-type]
        return {participant.id async for participant in found}

    assert len(await chosen(status="Completed")) == 10
    assert len(await chosen(status=["Completed", "Invited"])) == 20
    assert await chosen(emails=["ada.byron.0@example.com", "x@example.com"]) == {"participant-0"}
    assert await chosen(lastnames=["Byron"], status="Completed") == {"participant-14"}

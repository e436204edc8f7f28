"""Filters: what the service receives for what people write, and what cannot be written."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import MeltingSpotClient, ParticipantStatus, UsageError
from meltingspot_async.resources._filters import build, several
from meltingspot_async.testing import FakeMeltingSpot


async def asked_for(fake: FakeMeltingSpot, client: MeltingSpotClient, **filters: object) -> str:
    """The query of the first page of a list with these filters."""
    fake.seed("c", 8)
    async for _ in client.course_participants.list("c", **filters):  # type: ignore[arg-type]
        break
    return fake.received[0].path.partition("?")[2].removesuffix("&limit=100&page=1")


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({}, "limit=100&page=1"),
        ({"status": ParticipantStatus.STARTED}, "status[eq]=Started"),
        ({"status": "Completed"}, "status[eq]=Completed"),
        ({"status": [ParticipantStatus.STARTED]}, "status[eq]=Started"),
        ({"status": ("Invited", ParticipantStatus.STARTED)}, "status[in]=Invited,Started"),
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


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"status": []}, "status"),
        ({"status": ""}, "status"),
        ({"status": 3}, "status"),
        ({"status": ["a,b", "c"]}, "status.*comma"),
        ({"emails": "ada@example.com"}, "emails.*several"),
        ({"emails": []}, "emails is empty"),
        ({"emails": [""]}, "emails"),
        ({"emails": [None]}, "emails"),
        ({"emails": [True]}, "emails"),
        ({"emails": ["a,b@example.com"]}, "emails.*comma"),
        ({"firstnames": ["Ada, Countess"]}, "firstnames.*comma"),
        ({"lastnames": "Byron"}, "lastnames.*several"),
        ({"filters": {"status": "Started"}}, "'status'"),
        ({"filters": {"page": 3}}, "'page'"),
        ({"filters": {"a[b]&c": "x"}}, "form"),
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
async def test_what_cannot_be_asked_for_is_refused_unsent(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, filters: dict[str, object], names: str
) -> None:
    """A filter that the service could misunderstand is a UsageError that names the argument."""
    with pytest.raises(UsageError, match=names):
        meltingspot.course_participants.list("c", **filters)  # type: ignore[arg-type]
    assert not fake_meltingspot.received


@pytest.mark.parametrize("course_id", ["", "..", None])
async def test_a_list_of_no_course_is_refused_unsent(meltingspot: MeltingSpotClient, course_id: str) -> None:
    """An empty course id is refused when the list is made, not when it is read."""
    with pytest.raises(UsageError, match="course_id"):
        meltingspot.course_participants.list(course_id)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_list_of_values_means_the_same_to_the_service(values: list[str]) -> None:
    """Split at its commas, a list filter gives back the values in order, each once; or it is refused."""
    if any("," in value for value in values):
        with pytest.raises(UsageError):
            several("email", "emails", values)
    else:
        assert str(several("email", "emails", values)["email[in]"]).split(",") == list(dict.fromkeys(values))


def test_nothing_is_filtered_by_none() -> None:
    """None means no filter."""
    assert several("email", "emails", None) == {}
    assert build(None, {}) == {}


async def test_the_fake_service_filters(
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

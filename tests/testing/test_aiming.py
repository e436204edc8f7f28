"""Faults happen to the requests that they are aimed at, as often as was asked, and to no others."""

from __future__ import annotations

from typing import Any

import pytest

from meltingspot_async import MeltingSpotClient, NotFoundError, ServerError, UsageError
from meltingspot_async.testing import Answer, Delay, FakeMeltingSpot

LIST = "/v1/courses/c d/participants"
ITEM = "/v1/courses/{course_id}/participants/{id}"


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        (None, ["participant-0", "participant-1", "list"]),
        (ITEM, ["participant-0", "participant-1"]),
        ("/v1/courses/c d/participants/participant-1", ["participant-1"]),
        ("/v1/courses/c%20d/participants/participant-1", ["participant-1"]),
        ("/v1/courses/{}/participants", ["list"]),
        (LIST, ["list"]),
        ("participant-1", ["participant-1"]),
        ("c d", ["participant-0", "participant-1", "list"]),
        ("participant", []),
        ("/v1/courses/c d", []),
        ("/v1/lives/{id}/participants", []),
    ],
)
async def test_fault_happens_where_it_is_aimed_at(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient, path: str | None, hit: list[str]
) -> None:
    """A path, a template or an id chooses the requests that fail; all others are answered."""
    fake_meltingspot.seed("c d", 2)
    fake_meltingspot.fail(Answer(404), path=path, times=None)
    failed: list[str] = []
    for name in ("participant-0", "participant-1"):
        try:
            await meltingspot.course_participants.get("c d", name)
        except NotFoundError:
            failed.append(name)
    try:
        await meltingspot.course_participants.list("c d").to_list()
    except NotFoundError:
        failed.append("list")
    assert failed == hit


async def test_fault_happens_as_often_as_asked(
    fake_meltingspot: FakeMeltingSpot, meltingspot: MeltingSpotClient
) -> None:
    """``times`` counts, the first fault that fits happens first, and after ``recover`` none does."""
    fake_meltingspot.seed("c", 2)
    fake_meltingspot.fail(Answer(404), path="participant-1", times=2)
    fake_meltingspot.fail(Answer(503), times=3)
    await meltingspot.course_participants.get("c", "participant-0")
    assert len(fake_meltingspot.received) == 4
    for _ in range(2):
        with pytest.raises(NotFoundError):
            await meltingspot.course_participants.get("c", "participant-1")
    await meltingspot.course_participants.get("c", "participant-1")
    fake_meltingspot.fail(Answer(500), times=None)
    for _ in range(2):
        with pytest.raises(ServerError):
            await meltingspot.course_participants.get("c", "participant-0")
    fake_meltingspot.recover()
    await meltingspot.course_participants.get("c", "participant-0")


@pytest.mark.parametrize(
    ("faults", "options", "problem"),
    [
        ([503], {}, r"A fault is needed, such as Answer\(503\)"),
        ([Answer], {}, "A fault is needed"),
        ([Delay(1.0)], {"times": 0}, "times must be a whole number"),
        ([Delay(1.0)], {"path": ""}, "path must be a path without a query"),
        ([Delay(1.0)], {"path": "/v1/courses?page=1"}, "path must be a path without a query"),
    ],
)
def test_fault_that_could_never_happen_is_refused(
    faults: list[Any], options: dict[str, Any], problem: str
) -> None:
    """``fail`` refuses what is not a fault, and a number or path that no request can have."""
    with pytest.raises(UsageError, match=problem):
        FakeMeltingSpot().fail(*faults, **options)

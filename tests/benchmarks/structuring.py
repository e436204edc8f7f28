"""What it costs to check and build a participant, beside parsing alone and beside a function written by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from meltingspot_async import CourseParticipant, ParticipantStatus
from meltingspot_async.models import to_dict
from meltingspot_async.models._converter import structure
from meltingspot_async.testing import make_course_participant

from .measure import Row, Run, in_turn, rows_beside

PARTICIPANT = make_course_participant(2)
BODY = json.dumps(to_dict(PARTICIPANT)).encode()
TIMES = 4_000


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def by_hand(body: bytes) -> CourseParticipant:
    """What one would write for this model alone, with no check of the types."""
    given: dict[str, Any] = orjson.loads(body)
    return CourseParticipant(
        id=given["id"],
        course_id=given["courseId"],
        spot_member_id=given["spotMemberId"],
        spot_member_email=given["spotMemberEmail"],
        spot_member_firstname=given["spotMemberFirstname"],
        spot_member_lastname=given["spotMemberLastname"],
        status=ParticipantStatus(given["status"]),
        invited_at=moment(given["invitedAt"]),
        started_at=moment(given["startedAt"]),
        completed_at=moment(given["completedAt"]),
        unenrolled_at=moment(given["unenrolledAt"]),
        last_activity_at=moment(given["lastActivityAt"]),
        completion_rate=given["completionRate"],
    )


def repeated(read: Callable[[bytes], object]) -> Run:
    async def run() -> None:
        for _ in range(TIMES):
            read(BODY)

    return run


def rows(quick: bool) -> list[Row]:
    """Bytes to a participant, beside the ways that do less."""
    assert by_hand(BODY) == PARTICIPANT
    runs = {
        "ours": repeated(lambda body: structure(body, CourseParticipant, "/")),
        "orjson.loads alone": repeated(orjson.loads),
        "json.loads alone": repeated(json.loads),
        "orjson.loads and construction by hand": repeated(by_hand),
    }
    return rows_beside(
        "Bytes to a checked participant", asyncio.run(in_turn(runs, 3 if quick else 15)), TIMES
    )

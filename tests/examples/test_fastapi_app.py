"""docs/examples/fastapi_app.py, served by uvicorn, beside its own batch."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest

from meltingspot_async import to_dict
from meltingspot_async.testing import Answer, FakeMeltingSpot, make_course_participant

from ..support.examples import example, served_by_uvicorn, until

pytest.importorskip("fastapi")

COUNT = 1_000
ONE = "/v1/courses/{course_id}/participants/{id}"


async def answer_of(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as answer:
        return answer.status, await answer.json()


async def report_of(session: aiohttp.ClientSession) -> Any:
    """The first report."""
    while True:
        _, report = await answer_of(session, "/report")
        if report is not None:
            return report
        await asyncio.sleep(0.01)


def test_loaded_application_keeps_its_promises(
    fake: FakeMeltingSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 page loads at once, of 50 participants, cost at most 50 requests beside a batch, and each shows its own;
    errors are 404, or 503 with ``Retry-After``; fresh answers outlive an outage, which the health check shows.
    """
    fake.seed("course-1", COUNT)
    monkeypatch.setenv("COURSE_ID", "course-1")
    program = example("fastapi_app", monkeypatch)
    monkeypatch.setattr(program, "DEADLINE", 50.0)  # not what is tested, whatever else the machine does

    async def use() -> None:
        async with served_by_uvicorn(program.app) as session:
            paths = [f"/public/participants/course-1/participant-{number % 50}" for number in range(300)]
            pages = await asyncio.gather(*(answer_of(session, path) for path in paths))
            for number, (status, shown) in enumerate(pages):
                expected = make_course_participant(number % 50)
                assert (status, shown) == (200, {"id": expected.id, "status": expected.status})
            singles = [request for request in fake.received if request.path.count("/") == ONE.count("/")]
            assert len(singles) <= 50

            assert await report_of(session) == Counter(
                make_course_participant(number).status for number in range(COUNT)
            )
            listed = await answer_of(session, "/courses/c/participants?status=Completed")
            assert listed == (200, [to_dict(make_course_participant(2, course_id="c"))])
            assert await answer_of(session, "/health") == (200, {"trouble": None})
            nobody = "/public/participants/course-1/nobody"
            assert await answer_of(session, nobody) == (404, {"detail": "Not found"})

            fake.fail(Answer(503, headers={"Retry-After": "90"}), times=None)
            async with session.get(nobody) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "90")
            assert (await answer_of(session, paths[0]))[0] == 200
            assert await answer_of(session, "/health") == (200, {"trouble": "503"})

            _, document = await answer_of(session, "/openapi.json")
            assert {"CourseParticipant", "ParticipantStatus"} <= set(document["components"]["schemas"])
        await until(lambda: fake.open_connections == 0)

    asyncio.run(use())

"""A FastAPI application: pages of participants, and a report that is made beside them.

``COURSE_ID=course-1 uvicorn fastapi_app:app``
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from meltingspot_async import (
    AttemptFinished,
    CourseParticipant,
    Event,
    Freshness,
    MeltingSpotClient,
    MeltingSpotError,
    NotFoundError,
    ParticipantStatus,
)

logger = logging.getLogger("fastapi_app")

DEADLINE = 3.0
"""Seconds that a visitor waits."""
REPORT_EVERY = 900.0
"""Seconds between two reports."""


class Service:
    """The client, and what is known of the service without a request for it."""

    def __init__(self) -> None:
        client = MeltingSpotClient.from_env(
            on_event=self._notice, user_agent="acme-lms/2.1"
        )
        self.client = client.with_options(freshness=Freshness(max_age=30.0))
        self.pages = self.client.with_options(deadline=DEADLINE)
        self.trouble: str | None = None
        """What the last attempt ended with, if not with an answer."""
        self.report: Counter[str] | None = None
        """How many participants of the course have which status."""

    def _notice(self, event: Event) -> None:
        if isinstance(event, AttemptFinished):
            failed = (
                event.status is None
                or event.status >= 500
                or event.status in {401, 403, 429}
            )
            self.trouble = f"{event.status or event.error}" if failed else None

    async def make_reports(self, course_id: str) -> None:
        """The batch: its requests leave room for those of pages, on the same key."""
        while True:
            try:
                listing = self.client.course_participants.list(course_id)
                self.report = Counter(
                    [participant.status async for participant in listing]
                )
            except MeltingSpotError as error:  # the last report stays
                logger.warning("No new report: %s", error)
            await asyncio.sleep(REPORT_EVERY)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for the whole process, with its batch beside it."""
    service = app.state.service = Service()
    async with service.client, asyncio.TaskGroup() as beside:
        reports = beside.create_task(service.make_reports(os.environ["COURSE_ID"]))
        yield
        reports.cancel()


def service_of(request: Request) -> Service:
    """The service, for the endpoints."""
    service: Service = request.app.state.service
    return service


def pages_of(request: Request) -> MeltingSpotClient:
    """The client, as pages use it."""
    return service_of(request).pages


Client = Annotated[MeltingSpotClient, Depends(pages_of)]
app = FastAPI(lifespan=lifespan)


@app.exception_handler(MeltingSpotError)
async def failed(_: Request, error: MeltingSpotError) -> JSONResponse:
    """What visitors see of an error: 404, or 503 and when to come back."""
    if isinstance(error, NotFoundError):
        return JSONResponse({"detail": "Not found"}, 404)
    logger.warning("%s", error)  # without key, names and emails
    headers = (
        {}
        if error.retry_after is None
        else {"Retry-After": str(math.ceil(error.retry_after))}
    )
    return JSONResponse({"detail": "Try again later"}, 503, headers)


@app.get("/courses/{course_id}/participants")
async def participants(
    client: Client, course_id: str, status: ParticipantStatus | None = None
) -> list[CourseParticipant]:
    """The participants of a course, in the service's own spelling, emails included."""
    return await client.course_participants.list(course_id, status=status).to_list()


@app.get(
    "/public/participants/{course_id}/{participant_id}",
    response_model_include={"id", "status"},
)
async def participant(
    client: Client, course_id: str, participant_id: str
) -> CourseParticipant:
    """One participant, without anything personal."""
    return await client.course_participants.get(course_id, participant_id)


@app.get("/report")
async def report(
    service: Annotated[Service, Depends(service_of)],
) -> dict[str, int] | None:
    """The last report; null before there is one."""
    return service.report


@app.get("/health")
async def health(
    service: Annotated[Service, Depends(service_of)],
) -> dict[str, str | None]:
    """200 while this process lives: an outage of the service is no reason to restart
    it. Costs no request.
    """
    return {"trouble": service.trouble}

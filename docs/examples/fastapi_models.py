"""A FastAPI application whose answers are models: ``uvicorn fastapi_models:app``."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from meltingspot_async import CourseParticipant, MeltingSpotClient, ParticipantStatus


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for the whole process."""
    async with MeltingSpotClient.from_env() as client:
        app.state.meltingspot = client
        yield


def meltingspot(request: Request) -> MeltingSpotClient:
    """The client, for the endpoints."""
    client: MeltingSpotClient = request.app.state.meltingspot
    return client


Client = Annotated[MeltingSpotClient, Depends(meltingspot)]
app = FastAPI(lifespan=lifespan)


@app.get("/courses/{course_id}/participants")
async def participants(
    client: Client, course_id: str, status: ParticipantStatus | None = None
) -> list[CourseParticipant]:
    """The participants of a course, in the service's own spelling, emails included."""
    return await client.course_participants.list(course_id, status=status).to_list()


@app.get("/public/participants/{course_id}/{participant_id}", response_model_include={"id", "status"})
async def participant(client: Client, course_id: str, participant_id: str) -> CourseParticipant:
    """One participant, without anything personal."""
    return await client.course_participants.get(course_id, participant_id)

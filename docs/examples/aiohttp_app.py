"""An aiohttp application that shows participants: ``python aiohttp_app.py``."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator

from aiohttp import web
from aiohttp.typedefs import Handler

from meltingspot_async import (
    Freshness,
    MeltingSpotClient,
    MeltingSpotError,
    NotFoundError,
)

logger = logging.getLogger("aiohttp_app")

CLIENT = web.AppKey("CLIENT", MeltingSpotClient)


async def meltingspot(app: web.Application) -> AsyncGenerator[None]:
    """One client for the whole process."""
    async with MeltingSpotClient.from_env() as client:
        app[CLIENT] = client.with_options(
            deadline=3.0, freshness=Freshness(max_age=30.0)
        )
        yield


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What visitors see of an error: 404, or 503 and when to come back."""
    try:
        return await handler(request)
    except NotFoundError:
        return web.json_response({"detail": "Not found"}, status=404)
    except MeltingSpotError as error:
        logger.warning("%s", error)  # without key, names and emails
        headers = (
            {}
            if error.retry_after is None
            else {"Retry-After": str(math.ceil(error.retry_after))}
        )
        return web.json_response(
            {"detail": "Try again later"}, status=503, headers=headers
        )


async def participant(request: web.Request) -> web.Response:
    """One participant, without anything personal."""
    ids = request.match_info
    found = await request.app[CLIENT].course_participants.get(
        ids["course_id"], ids["participant_id"]
    )
    return web.json_response({"id": found.id, "status": found.status})


def application() -> web.Application:
    """The application, for ``web.run_app`` and for tests."""
    app = web.Application(middlewares=[errors])
    app.cleanup_ctx.append(meltingspot)
    app.router.add_get("/participants/{course_id}/{participant_id}", participant)
    return app


if __name__ == "__main__":
    web.run_app(application())

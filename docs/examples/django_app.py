"""A Django project in one file that shows participants.

``uvicorn --lifespan on django_app:application`` serves it.
"""

from __future__ import annotations

import logging
import math
import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from meltingspot_async import (
    Freshness,
    MeltingSpotClient,
    MeltingSpotError,
    NotFoundError,
)

logger = logging.getLogger("django_app")


async def participant(
    request: ASGIRequest, course_id: str, participant_id: str
) -> JsonResponse:
    """One participant, without anything personal."""
    client: MeltingSpotClient = request.scope["state"]["meltingspot"]
    found = await client.course_participants.get(course_id, participant_id)
    return JsonResponse({"id": found.id, "status": found.status})


class MeltingSpotErrors(MiddlewareMixin):
    """What visitors see of an error: 404, or 503 and when to come back."""

    def process_exception(
        self, _: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Called by Django with whatever a view raises."""
        if not isinstance(error, MeltingSpotError):
            return None
        if isinstance(error, NotFoundError):
            return JsonResponse({"detail": "Not found"}, status=404)
        logger.warning("%s", error)  # without key, names and emails
        headers = (
            {}
            if error.retry_after is None
            else {"Retry-After": str(math.ceil(error.retry_after))}
        )
        return JsonResponse({"detail": "Try again later"}, status=503, headers=headers)


urlpatterns = [path("participants/<str:course_id>/<str:participant_id>", participant)]

settings.configure(  # in your project: settings.py
    ALLOWED_HOSTS=os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(","),
    MIDDLEWARE=[f"{__name__}.MeltingSpotErrors"],
    ROOT_URLCONF=__name__,
)
django = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Django, and one client for the whole process, which the server starts and stops;
    in your project: asgi.py.
    """
    if scope["type"] != "lifespan":
        await django(scope, receive, send)
        return
    await receive()
    async with MeltingSpotClient.from_env() as client:
        pages = client.with_options(deadline=3.0, freshness=Freshness(max_age=30.0))
        scope["state"]["meltingspot"] = pages
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})

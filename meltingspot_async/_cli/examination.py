"""What ``meltingspot doctor`` asks the service, in at most twelve requests, the most useful ones first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from .._http.endpoint import expand_path
from .._http.retry import RetryPolicy
from ..client import MeltingSpotClient
from ..errors import MeltingSpotError
from ..models import (
    Activity,
    Channel,
    Course,
    CourseParticipant,
    CustomRole,
    Forum,
    Group,
    Live,
    Model,
    SpotMember,
)
from ..rate_limit import RateLimiter
from ..resources.activities import PATH as ACTIVITIES
from .diagnosis import Count, Diagnosis, ListAnswer, limit_headers, shape_of_body

MAX_REQUESTS = 12
"""Requests that an examination sends at most."""

TRIED_LIMITS = (10_000, 1_000)
"""What is tried as ``limit``; the second one if the service refuses the first."""

UNUSED_ID = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""

_OTHER_LISTS: dict[str, type[Model]] = {
    "/v1/lives": Live,
    "/v1/channels": Channel,
    "/v1/groups": Group,
    "/v1/forums": Forum,
    "/v1/spotMemberCustomRole": CustomRole,
}


async def examine(api_key: str, base_url: str, limiter: RateLimiter) -> Diagnosis:
    """Find out what a key lets us find out.

    :raises TransportError: the service cannot be reached.
    :raises UsageError: the key or the address cannot be sent.
    """
    found, once = Diagnosis(), RetryPolicy(attempts=1)
    for scheme in (None, "Bearer"):
        async with MeltingSpotClient(
            api_key, base_url=base_url, auth_scheme=scheme, retry=once, limiter=limiter
        ) as client:
            examination = _Examination(client, found)
            courses = await examination.ask("/v1/courses")
            if courses is not None and courses.status not in {401, 403}:
                found.accepted = scheme or "raw"
                await examination.ask_the_rest(courses)
                break
    if found.accepted == "Bearer":
        found.client_options["auth_scheme"] = "Bearer"
    return found


@attrs.define
class _Examination:
    """Puts questions to the service, and notes its answers in a diagnosis."""

    client: MeltingSpotClient
    found: Diagnosis

    async def ask(self, path: str, params: dict[str, str | int] | None = None) -> ListAnswer | None:
        """Send one request, if there is one left, and note what any answer can tell."""
        found = self.found
        if found.requests >= MAX_REQUESTS:
            found.skipped.append(path)
            return None
        found.requests += 1
        try:
            response = await self.client.session_manager.probe(path, params)
        except MeltingSpotError as error:
            if found.requests == 1:
                raise
            found.failures.append(str(error))
            return None
        found.rate_limit_headers |= limit_headers(response.headers)
        if response.status >= 300:
            found.error_bodies[str(response.status)] = shape_of_body(response.body)
        return ListAnswer.of(response)

    async def ask_the_rest(self, courses: ListAnswer) -> None:
        """Ask everything but for the courses."""
        self.compare("/v1/courses", courses, Course)
        await self.ask_for_pages()
        await self.ask(f"/v1/courses/{UNUSED_ID}/participants/{UNUSED_ID}")
        course = next(iter(courses.ids), UNUSED_ID)
        participants = await self.ask(expand_path("/v1/courses/{id}/participants", id=course))
        self.compare("/v1/courses/{courseId}/participants", participants, CourseParticipant)
        week = int((datetime.now(UTC) - timedelta(days=7)).timestamp())
        self.compare(ACTIVITIES, await self.ask(ACTIVITIES, {"fromDate[eq]": week, "limit": 100}), Activity)
        for path, model in _OTHER_LISTS.items():
            self.compare(path, await self.ask(path), model)

    async def ask_for_pages(self) -> None:
        """Learn from the members how the service cuts a list into pages."""
        path, found = "/v1/spotMembers", self.found
        members = await self.ask(path)
        self.compare(path, members, SpotMember)
        if members is None or not members.documents:
            return
        given, total = len(members.documents), members.total
        found.default_limit = Count(given, exact=given < total)
        page_1 = await self.ask(path, {"page": 1, "limit": 1})
        if page_1 is not None and page_1.status == 200:
            found.first_page = 1 if page_1.ids == members.ids[:1] else 0
        for limit in TRIED_LIMITS:
            page = await self.ask(path, {"limit": limit})
            if page is not None and page.status == 200:
                given = len(page.documents)
                found.largest_limit = Count(given, exact=given < min(limit, total))
                if found.largest_limit.exact:
                    found.list_options["page_size"] = given
                break

    def compare(self, path: str, answer: ListAnswer | None, model: type[Model]) -> None:
        """Note how the items of a list differ from their model."""
        if answer is not None:
            self.found.lists.append(answer.compared_with(model, path))

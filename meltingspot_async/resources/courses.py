"""Courses."""

from __future__ import annotations

from typing import Unpack

from .._paging.listing import Listing
from ..models import Course
from . import _filters as query
from ._base import ListOptions, Resource


class Courses(Resource):
    """``client.courses``: the courses of the Spot."""

    def list(
        self,
        *,
        status: str | None = None,
        privacy: str | None = None,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[Course]:
        """The courses of the Spot: iterate over them, or over ``.pages()``.

        ``GET /v1/courses`` (help centre, page on the endpoints of courses).

        :param status: one :class:`~meltingspot_async.CourseStatus`, or any text: not all are documented.
        :param privacy: one :class:`~meltingspot_async.CoursePrivacy`, or any text: not all are documented.
        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        chosen = query.build(
            filters,
            query.equal(status=status, privacy=privacy),
        )
        return self._list("/v1/courses", Course, chosen, **options)

"""Answers to the registration form."""

from __future__ import annotations

from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from .._paging.service_list import by_content
from ..models import CustomFormAnswer
from . import _filters as query
from ._base import ListOptions, Resource


class CustomFormAnswers(Resource):
    """``client.custom_form_answers``: answers to the registration form of a member."""

    def list(
        self,
        spot_member_id: str,
        *,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[CustomFormAnswer]:
        """The answers to the registration form of a member: iterate over them, or over ``.pages()``.

        ``GET /v1/spotMembers/{spotMemberId}/customFormAnswers`` (help centre, page on the endpoints of Spot
        members, where the end of the path could not be read). No filter is documented by its
        name.

        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        path = expand_path(
            "/v1/spotMembers/{spot_member_id}/customFormAnswers", spot_member_id=spot_member_id
        )
        return self._list(path, CustomFormAnswer, query.build(filters), identify=by_content, **options)

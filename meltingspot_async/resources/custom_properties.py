"""Values of custom properties."""

from __future__ import annotations

from typing import Unpack

from .._http.endpoint import expand_path
from .._paging.listing import Listing
from .._paging.service_list import by_content
from ..models import CustomPropertyValue
from . import _filters as query
from ._base import ListOptions, Resource


class CustomProperties(Resource):
    """``client.custom_properties``: values of the custom properties of a member."""

    def list(
        self,
        spot_member_id: str,
        *,
        filters: query.Filters | None = None,
        **options: Unpack[ListOptions],
    ) -> Listing[CustomPropertyValue]:
        """The values of the custom properties of a member: iterate over them, or over ``.pages()``.

        ``GET /v1/spotMembers/{spotMemberId}/customPropertiesValues`` (help centre, page on the endpoints of custom
        properties). No filter is documented by its name.

        :param filters: filters that are not documented, by the service's own names.
        :param options: ``page_size``, ``on_invalid``, ``on_changed``; see :class:`~meltingspot_async.ListOptions`.
        :raises UsageError: naming the argument that cannot be sent, before anything is.
        """
        path = expand_path(
            "/v1/spotMembers/{spot_member_id}/customPropertiesValues", spot_member_id=spot_member_id
        )
        return self._list(path, CustomPropertyValue, query.build(filters), identify=by_content, **options)

"""How calls are made: the options of a client and of its copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import attrs

from .._validation import instance_of, positive, whole_positive
from ..rate_limit import Priority
from .freshness import Freshness
from .headers import Headers, checked_headers
from .retry import RetryPolicy

PAGE_SIZE = 100
"""Items of a list to ask for at once. The service does not document the most it gives; what it gives is what counts."""


@attrs.frozen
class RequestOptions:
    """How a call is made; see :class:`~meltingspot_async.MeltingSpotClient` for the meaning of each."""

    timeout: float = attrs.field(validator=positive)
    deadline: float | None = attrs.field(validator=attrs.validators.optional(positive))
    retry: RetryPolicy = attrs.field(validator=instance_of(RetryPolicy))
    coalesce: bool = attrs.field(validator=instance_of(bool))
    page_size: int = attrs.field(validator=whole_positive)
    freshness: Freshness | None = attrs.field(validator=instance_of(Freshness | None))
    headers: Headers = attrs.field(converter=checked_headers, repr=False)
    priority: Priority | None = attrs.field(default=None, validator=instance_of(Priority | None))


class OptionChanges(TypedDict, total=False):
    """The options a copy may change."""

    timeout: float
    deadline: float | None
    retry: RetryPolicy
    priority: Priority | None
    coalesce: bool
    page_size: int
    freshness: Freshness | None
    headers: Mapping[str, str] | None

"""How calls are made: the options of a client and of its copies."""

from __future__ import annotations

from typing import TypedDict

import attrs

from .._validation import instance_of, positive
from ..rate_limit import Priority
from .retry import RetryPolicy


@attrs.frozen
class RequestOptions:
    """How a call is made; see :class:`~meltingspot_async.MeltingSpotClient` for the meaning of each."""

    timeout: float = attrs.field(default=30.0, validator=positive)
    deadline: float | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=instance_of(RetryPolicy))
    priority: Priority | None = attrs.field(default=None, validator=instance_of(Priority | None))
    coalesce: bool = attrs.field(default=True, validator=instance_of(bool))


class OptionChanges(TypedDict, total=False):
    """The options a copy may change."""

    timeout: float
    deadline: float | None
    retry: RetryPolicy
    priority: Priority | None
    coalesce: bool

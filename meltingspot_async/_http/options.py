"""How calls are made: the options of a client and of its copies."""

from __future__ import annotations

from typing import TypedDict

import attrs

from .._validation import instance_of, positive, whole_positive
from ..rate_limit import Priority
from .call import Call
from .retry import RetryPolicy

PAGE_SIZE = 100
"""Items of a list to ask for at once. The service does not document the most it gives; what it gives is what counts."""


@attrs.frozen
class RequestOptions:
    """How a call is made; see :class:`~meltingspot_async.MeltingSpotClient` for the meaning of each."""

    timeout: float = attrs.field(default=30.0, validator=positive)
    deadline: float | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=instance_of(RetryPolicy))
    priority: Priority | None = attrs.field(default=None, validator=instance_of(Priority | None))
    coalesce: bool = attrs.field(default=True, validator=instance_of(bool))
    page_size: int = attrs.field(default=PAGE_SIZE, validator=whole_positive)


class OptionChanges(TypedDict, total=False):
    """The options a copy may change."""

    timeout: float
    deadline: float | None
    retry: RetryPolicy
    priority: Priority | None
    coalesce: bool
    page_size: int


@attrs.frozen
class Terms:
    """How a request is made that several callers can share."""

    call: Call
    options: RequestOptions

    def suits(self, theirs: Terms) -> bool:
        """Whether my answer would be the same as that of their request, and as soon.

        A page does not wait in the queue of a batch: it joins a batch's request when that is under way.
        """
        is_patient = theirs.options.timeout <= self.options.timeout
        return is_patient and (
            theirs.call.priority is Priority.INTERACTIVE
            or self.call.priority is Priority.BULK
            or theirs.call.has_slot
        )

    def is_made_like(self, theirs: Terms) -> bool:
        """Whether their request fails when mine would."""
        mine = self.options
        return self.suits(theirs) and (mine.timeout, mine.retry) == (
            theirs.options.timeout,
            theirs.options.retry,
        )

    def admit(self, call: Call) -> None:
        """Let somebody join: from the next attempt on, the more urgent of all callers decides."""
        if call.priority is Priority.INTERACTIVE:
            self.call.priority = call.priority

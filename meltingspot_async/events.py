"""What a client reports about its work: frozen events for ``on_event``, and log records with the same texts.

A program can make metrics and traces of the events; :class:`meltingspot_async.otel.OtelObserver` does. The log records
have the name ``meltingspot_async``. Neither holds the key or a query (which can hold emails). Of a body, they hold only
the names of fields and the values of enums that the models do not document.

A call is one that a program made, or one page of a list. Each begins with a :class:`CallStarted` and ends with a
:class:`CallEnded`, also when it is cancelled; between them are its attempts.
"""

from __future__ import annotations

import logging
from typing import ClassVar

import attrs

from ._redaction import redacted, shown_path
from ._templates import path_template

MAX_ID = 64
"""Characters that a text shows of an id which the service sent."""

logger: logging.Logger = logging.getLogger("meltingspot_async")
logger.addHandler(logging.NullHandler())


@attrs.frozen
class CallEvent:
    """What the events of a call have in common."""

    call_id: str
    """Unique to the call: joins its events. Those of a request that several calls share have the id of the one that
    began it.
    """
    path: str
    """Path that is asked for, percent-encoded, without the query; an id that is an email is ``{id}``."""

    @property
    def template(self) -> str:
        """The path without any id, of which there are few: ``/v1/courses/{course_id}/participants``.

        Of a path that has no method, what follows a name counts as an id: ``/v1/surveys/{survey_id}``.
        """
        return path_template(self.path)


@attrs.frozen
class CallStarted(CallEvent):
    """A call begins. Reported where it was made, in the same task."""

    level: ClassVar[int] = logging.DEBUG
    base_url: str
    """The service's address."""

    def __str__(self) -> str:
        return f"GET {self.path}: called"


@attrs.frozen
class CallEnded(CallEvent):
    """A call has ended: with an answer, with an error, or because nobody waits for it any more."""

    level: ClassVar[int] = logging.DEBUG
    status: int | None
    """HTTP status of the last answer, or ``None`` if the call did not end with one."""
    error: str | None
    """Name of the exception's class, if there was one."""
    duration: float
    """Seconds from beginning to end, every wait included."""

    def __str__(self) -> str:
        outcome = self.error or self.status
        return f"GET {self.path}: ended with {outcome} after {self.duration:.3f} s"


@attrs.frozen
class AttemptStarted(CallEvent):
    """A request has its slot and is about to be sent."""

    level: ClassVar[int] = logging.DEBUG
    base_url: str
    """The service's address."""
    attempt: int
    """Number of the attempt within its call, from 1."""
    waited: float
    """Seconds the request waited for its slot."""
    priority: str
    """With which it waited: ``"interactive"`` or ``"bulk"``."""

    def __str__(self) -> str:
        return f"GET {self.path}: attempt {self.attempt}, after {self.waited:.3f} s in the queue"


@attrs.frozen
class AttemptFinished(CallEvent):
    """A request has ended, with or without an answer."""

    level: ClassVar[int] = logging.DEBUG
    base_url: str
    """The service's address."""
    attempt: int
    status: int | None
    """HTTP status, or ``None`` if no complete answer arrived."""
    error: str | None
    """Name of the exception's class, if there was one."""
    duration: float
    """Seconds from sending to the end of the body."""

    def __str__(self) -> str:
        outcome = self.error if self.status is None else str(self.status)
        return f"GET {self.path}: attempt {self.attempt} ended with {outcome} after {self.duration:.3f} s"


@attrs.frozen
class RetryScheduled(CallEvent):
    """An attempt failed, and another will follow."""

    level: ClassVar[int] = logging.INFO
    attempt: int
    """Number of the attempt that failed, from 1."""
    reason: str
    """HTTP status, or name of the exception's class."""
    delay: float
    """Seconds until the next attempt, at least."""

    def __str__(self) -> str:
        return f"GET {self.path}: attempt {self.attempt} failed ({self.reason}), again in {self.delay:.3f} s"


@attrs.frozen
class Throttled(CallEvent):
    """A 429: every request of the key pauses."""

    level: ClassVar[int] = logging.WARNING
    pause: float
    """Seconds for which nothing is sent."""

    def __str__(self) -> str:
        return f"GET {self.path}: 429, every request of this key pauses for {self.pause:.3f} s"


@attrs.frozen
class Coalesced(CallEvent):
    """A call joined an identical request that was already under way: nothing was sent for it."""

    level: ClassVar[int] = logging.DEBUG
    joined: str
    """Id of the call that began the request."""

    def __str__(self) -> str:
        return f"GET {self.path}: joined a request under way"


@attrs.frozen
class FreshAnswer(CallEvent):
    """A program was given an answer that is not older than ``Freshness.max_age``. There is no call, and nothing was
    sent.
    """

    level: ClassVar[int] = logging.DEBUG
    age: float
    """Seconds since the answer arrived."""

    def __str__(self) -> str:
        return f"GET {self.path}: given again, {self.age:.3f} s old"


@attrs.frozen
class StaleAnswer(CallEvent):
    """A program was given an older answer than ``Freshness.max_age``, because a newer one could not be had.

    If a call was made and failed, this has its id; otherwise there is no call, because the last one had failed.
    """

    level: ClassVar[int] = logging.INFO
    age: float
    """Seconds since the answer arrived."""
    error: str
    """Name of the exception's class that the call, or the last one before it, would have ended with."""

    def __str__(self) -> str:
        return f"GET {self.path}: given again, {self.age:.3f} s old, because of {self.error}"


@attrs.frozen
class RefreshFailed(CallEvent):
    """A refresh that went on behind stale answers has failed. Another follows when the item is asked for."""

    level: ClassVar[int] = logging.INFO
    error: str
    """Name of the exception's class."""

    def __str__(self) -> str:
        return f"GET {self.path}: not refreshed ({self.error})"


@attrs.frozen
class UnknownField:
    """The service sent a field that a model does not document, or one known by an example only in another shape.

    Reported once per client; ``extra`` has its value.
    """

    level: ClassVar[int] = logging.INFO
    model: str
    """Name of the model's class."""
    field: str
    """Name of the field as the service writes it, shortened, without the key and emails."""
    call_id: str = attrs.field(default="", eq=False)
    """Id of the call whose answer has it."""
    path: str = attrs.field(default="", eq=False)
    """Path of that call, without the query; an id that is an email is ``{id}``."""

    @property
    def template(self) -> str:
        """The path without any id."""
        return path_template(self.path)

    def __str__(self) -> str:
        return f"{self.model} has a field that is not documented: {self.field} (kept in extra)"


@attrs.frozen
class UnknownValue:
    """The service sent a value that an enum does not list. Reported once per client; the model keeps the value."""

    level: ClassVar[int] = logging.INFO
    enum: str
    """Name of the enum's class."""
    value: str
    """The value, shortened, without the key and emails."""
    call_id: str = attrs.field(default="", eq=False)
    """Id of the call whose answer has it."""
    path: str = attrs.field(default="", eq=False)
    """Path of that call, without the query; an id that is an email is ``{id}``."""

    @property
    def template(self) -> str:
        """The path without any id."""
        return path_template(self.path)

    def __str__(self) -> str:
        return f"{self.enum} has a value that is not documented: {self.value}"


Drift = UnknownField | UnknownValue
"""A difference between what the service sends and what it documents."""


@attrs.frozen
class InvalidItem:
    """An item of a list is not as documented, and so not among the items given. Reported for each."""

    level: ClassVar[int] = logging.WARNING
    path: str = attrs.field(converter=shown_path)
    """Path of the list, without the query; an id that is an email is ``{id}``."""
    id: str | None
    """The item's id, if it has one; in the event, as it may be shown."""
    field: str
    """Where on its page, as a JSON path: ``$.items[3].completionRate``."""
    problem: str
    """What is wrong there, in terms of types only."""
    call_id: str = attrs.field(default="", eq=False)
    """Id of the call whose answer has it."""

    @property
    def template(self) -> str:
        """The path without any id."""
        return path_template(self.path)

    @property
    def where(self) -> str:
        """Which item, where on its page, and what is wrong there."""
        which = "an item without id" if self.id is None else f"item {redacted(self.id, MAX_ID)}"
        return f"{which} at {self.field}: {self.problem}"

    def __str__(self) -> str:
        return f"GET {self.path}: not as documented: {self.where}"


Event = (
    CallStarted
    | CallEnded
    | AttemptStarted
    | AttemptFinished
    | RetryScheduled
    | Throttled
    | Coalesced
    | FreshAnswer
    | StaleAnswer
    | RefreshFailed
    | InvalidItem
    | Drift
)
"""What the client calls ``on_event`` with."""

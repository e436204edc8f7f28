"""For tests and demonstrations: a fake MeltingSpot on a loopback port, factories of models, and faults."""

from .factories import make_activity, make_course_participant
from .fake import FakeMeltingSpot, Received
from .faults import Answer, Delay, Drip, Fault, Reset, SendTwice, Truncate

__all__ = [
    "Answer",
    "Delay",
    "Drip",
    "FakeMeltingSpot",
    "Fault",
    "Received",
    "Reset",
    "SendTwice",
    "Truncate",
    "make_activity",
    "make_course_participant",
]

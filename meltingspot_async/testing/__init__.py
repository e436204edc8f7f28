"""For tests and demonstrations: a MeltingSpot of one's own, on a loopback port."""

from .factories import make_activity, make_course_participant
from .fake import FakeMeltingSpot, Received
from .faults import Answer, Delay, Fault, Reset, Truncate

__all__ = [
    "Answer",
    "Delay",
    "FakeMeltingSpot",
    "Fault",
    "Received",
    "Reset",
    "Truncate",
    "make_activity",
    "make_course_participant",
]

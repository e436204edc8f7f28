"""For tests and demonstrations: a MeltingSpot of one's own, on a loopback port."""

from .factories import make_course_participant
from .fake import Answer, Delay, FakeMeltingSpot, Fault, Received, Reset, Truncate

__all__ = [
    "Answer",
    "Delay",
    "FakeMeltingSpot",
    "Fault",
    "Received",
    "Reset",
    "Truncate",
    "make_course_participant",
]

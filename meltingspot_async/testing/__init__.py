"""For tests and demonstrations: a fake MeltingSpot on a loopback port, factories of models, and faults."""

from .arrivals import Received
from .factories import (
    make_activity,
    make_channel,
    make_course,
    make_course_participant,
    make_custom_form_answer,
    make_custom_property_value,
    make_custom_role,
    make_forum,
    make_group,
    make_learning_path_participant,
    make_live,
    make_live_metrics,
    make_live_participant,
    make_live_participant_metrics,
    make_live_privacy,
    make_spot_member,
)
from .fake import FakeMeltingSpot
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
    "make_channel",
    "make_course",
    "make_course_participant",
    "make_custom_form_answer",
    "make_custom_property_value",
    "make_custom_role",
    "make_forum",
    "make_group",
    "make_learning_path_participant",
    "make_live",
    "make_live_metrics",
    "make_live_participant",
    "make_live_participant_metrics",
    "make_live_privacy",
    "make_spot_member",
]

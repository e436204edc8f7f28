"""The methods people call, one file per resource."""

from typing import TYPE_CHECKING

from .._first_use import loader

if TYPE_CHECKING:
    from .activities import Activities
    from .channels import Channels
    from .course_participants import CourseParticipants
    from .courses import Courses
    from .custom_form_answers import CustomFormAnswers
    from .custom_properties import CustomProperties
    from .custom_roles import CustomRoles
    from .forums import Forums
    from .groups import Groups
    from .learning_path_participants import LearningPathParticipants
    from .live_participants import LiveParticipants
    from .lives import Lives
    from .spot_members import SpotMembers
else:
    __getattr__ = loader(
        __name__,
        {
            "activities": ["Activities"],
            "channels": ["Channels"],
            "course_participants": ["CourseParticipants"],
            "courses": ["Courses"],
            "custom_form_answers": ["CustomFormAnswers"],
            "custom_properties": ["CustomProperties"],
            "custom_roles": ["CustomRoles"],
            "forums": ["Forums"],
            "groups": ["Groups"],
            "learning_path_participants": ["LearningPathParticipants"],
            "live_participants": ["LiveParticipants"],
            "lives": ["Lives"],
            "spot_members": ["SpotMembers"],
        },
    )

__all__ = [
    "Activities",
    "Channels",
    "CourseParticipants",
    "Courses",
    "CustomFormAnswers",
    "CustomProperties",
    "CustomRoles",
    "Forums",
    "Groups",
    "LearningPathParticipants",
    "LiveParticipants",
    "Lives",
    "SpotMembers",
]


def __dir__() -> list[str]:
    return __all__

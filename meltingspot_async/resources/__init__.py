"""The methods people call, one file per resource."""

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

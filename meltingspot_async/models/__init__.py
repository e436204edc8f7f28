"""The models: frozen attrs classes that describe the service's answers, one file per resource."""

from typing import TYPE_CHECKING

from .._first_use import loader

if TYPE_CHECKING:
    from ._documents import from_dict, to_dict, to_json
    from ._model import Model
    from ._rows import to_row
    from .activity import Activity, ActivityType
    from .channel import Channel, ChannelPrivacy
    from .course import Course, CoursePrivacy, CourseStatus, NavigationMode
    from .course_participant import CourseParticipant, ParticipantStatus
    from .custom_form_answer import CustomFormAnswer
    from .custom_property_value import CustomPropertyType, CustomPropertyValue
    from .custom_role import CustomRole, Permission
    from .forum import Forum, ForumPrivacy
    from .group import Group
    from .learning_path_participant import LearningPathParticipant
    from .live import (
        Live,
        LiveBuiltInType,
        LiveMetrics,
        LiveParticipation,
        LivePrivacy,
        LiveSolution,
        LiveStatus,
        LiveVisibility,
    )
    from .live_participant import (
        LiveParticipant,
        LiveParticipantMetrics,
        LiveParticipantStatus,
        LiveParticipantType,
    )
    from .spot_member import Language, SpotMember, SpotMemberRole, SpotMemberStatus
else:
    __getattr__ = loader(
        __name__,
        {
            "_documents": ["from_dict", "to_dict", "to_json"],
            "_model": ["Model"],
            "_rows": ["to_row"],
            "activity": ["Activity", "ActivityType"],
            "channel": ["Channel", "ChannelPrivacy"],
            "course": ["Course", "CoursePrivacy", "CourseStatus", "NavigationMode"],
            "course_participant": ["CourseParticipant", "ParticipantStatus"],
            "custom_form_answer": ["CustomFormAnswer"],
            "custom_property_value": ["CustomPropertyType", "CustomPropertyValue"],
            "custom_role": ["CustomRole", "Permission"],
            "forum": ["Forum", "ForumPrivacy"],
            "group": ["Group"],
            "learning_path_participant": ["LearningPathParticipant"],
            "live": [
                "Live",
                "LiveBuiltInType",
                "LiveMetrics",
                "LiveParticipation",
                "LivePrivacy",
                "LiveSolution",
                "LiveStatus",
                "LiveVisibility",
            ],
            "live_participant": [
                "LiveParticipant",
                "LiveParticipantMetrics",
                "LiveParticipantStatus",
                "LiveParticipantType",
            ],
            "spot_member": ["Language", "SpotMember", "SpotMemberRole", "SpotMemberStatus"],
        },
    )

__all__ = [
    "Activity",
    "ActivityType",
    "Channel",
    "ChannelPrivacy",
    "Course",
    "CourseParticipant",
    "CoursePrivacy",
    "CourseStatus",
    "CustomFormAnswer",
    "CustomPropertyType",
    "CustomPropertyValue",
    "CustomRole",
    "Forum",
    "ForumPrivacy",
    "Group",
    "Language",
    "LearningPathParticipant",
    "Live",
    "LiveBuiltInType",
    "LiveMetrics",
    "LiveParticipant",
    "LiveParticipantMetrics",
    "LiveParticipantStatus",
    "LiveParticipantType",
    "LiveParticipation",
    "LivePrivacy",
    "LiveSolution",
    "LiveStatus",
    "LiveVisibility",
    "Model",
    "NavigationMode",
    "ParticipantStatus",
    "Permission",
    "SpotMember",
    "SpotMemberRole",
    "SpotMemberStatus",
    "from_dict",
    "to_dict",
    "to_json",
    "to_row",
]


def __dir__() -> list[str]:
    return __all__

"""What can be chosen of a made model: its fields by their names, each with its type, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from ..models import (
    ActivityType,
    ChannelPrivacy,
    CoursePrivacy,
    CourseStatus,
    CustomPropertyType,
    ForumPrivacy,
    Language,
    LiveBuiltInType,
    LiveMetrics,
    LiveParticipantMetrics,
    LiveParticipantStatus,
    LiveParticipantType,
    LiveParticipation,
    LivePrivacy,
    LiveSolution,
    LiveStatus,
    LiveVisibility,
    NavigationMode,
    ParticipantStatus,
    Permission,
    SpotMemberRole,
    SpotMemberStatus,
)
from ..models._fields import PropertyValue


class _Changes(TypedDict, total=False):
    extra: Mapping[str, object]


class _ItemChanges(_Changes, total=False):
    id: str


class _PersonChanges(_ItemChanges, total=False):
    spot_member_id: str
    spot_member_email: str
    spot_member_firstname: str | None
    spot_member_lastname: str | None
    invited_at: datetime | None


class _EnrolmentChanges(_PersonChanges, total=False):
    status: ParticipantStatus
    started_at: datetime | None
    completed_at: datetime | None
    unenrolled_at: datetime | None
    last_activity_at: datetime | None
    completion_rate: int


class ActivityChanges(_Changes, total=False):
    """Fields of an activity."""

    type: ActivityType


class ChannelChanges(_ItemChanges, total=False):
    """Fields of a channel."""

    name: str
    emoji: str | None
    description: str | None
    privacy: ChannelPrivacy
    auto_join: bool
    readonly: bool | None
    show_members: bool


class CourseChanges(_ItemChanges, total=False):
    """Fields of a course."""

    title: str | None
    description: str | None
    privacy: CoursePrivacy | None
    status: CourseStatus | None
    navigation_mode: NavigationMode | None


class CourseParticipantChanges(_EnrolmentChanges, total=False):
    """Fields of a participant of a course."""

    course_id: str


class CustomFormAnswerChanges(_Changes, total=False):
    """Fields of an answer to the registration form: none is documented."""


class CustomPropertyValueChanges(_Changes, total=False):
    """Fields of the value of a custom property."""

    custom_property_id: str | None
    custom_property_label: str | None
    custom_property_slug: str | None
    custom_property_description: str | None
    custom_property_type: CustomPropertyType | None
    possible_values: tuple[str, ...] | None
    value: PropertyValue | None


class CustomRoleChanges(_ItemChanges, total=False):
    """Fields of a custom role."""

    label: str
    description: str | None
    permissions: tuple[Permission, ...]


class ForumChanges(_ItemChanges, total=False):
    """Fields of a forum."""

    name: str
    emoji: str | None
    description: str | None
    created_at: datetime
    privacy: ForumPrivacy


class GroupChanges(_ItemChanges, total=False):
    """Fields of a group."""

    name: str
    description: str | None
    emoji: str | None
    icon: str | None


class LearningPathParticipantChanges(_EnrolmentChanges, total=False):
    """Fields of a participant of a learning path."""

    learning_path_id: str


class LiveMetricsChanges(_Changes, total=False):
    """Figures of a Live."""

    average_view_time: int | None
    no_show: int | None
    total_replay_view: int | None
    registrant: int | None
    attendee: int | None
    attendance_rate: int | None
    invited: int | None


class LivePrivacyChanges(_Changes, total=False):
    """Fields of the privacy of a Live."""

    visibility: LiveVisibility
    participation: LiveParticipation | None


class LiveChanges(_ItemChanges, total=False):
    """Fields of a Live."""

    title: str
    start_date: datetime
    end_date: datetime
    metrics: LiveMetrics
    description: tuple[Mapping[str, object], ...] | None
    status: LiveStatus
    computed_status: LiveStatus
    solution: LiveSolution
    privacy: LivePrivacy
    config: Mapping[str, object] | None
    built_in_type: LiveBuiltInType | None


class LiveParticipantMetricsChanges(_Changes, total=False):
    """What a participant of a Live did."""

    view_time: int | None
    has_replayed: bool | None
    has_participated: bool | None


class LiveParticipantChanges(_PersonChanges, total=False):
    """Fields of a participant of a Live."""

    live_id: str
    status: LiveParticipantStatus
    type: LiveParticipantType
    registered_at: datetime | None
    is_highlighted: bool
    metrics: LiveParticipantMetrics


class SpotMemberChanges(_ItemChanges, total=False):
    """Fields of a member."""

    spot_id: str
    user_id: str | None
    email: str
    title: str | None
    lang: Language | None
    role: SpotMemberRole
    custom_role_id: str | None
    status: SpotMemberStatus
    firstname: str | None
    lastname: str | None
    warnings: float
    embed_base_urls: Mapping[str, str] | None
    updated_at: datetime | None
    last_activity_at: datetime | None

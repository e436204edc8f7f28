"""An activity: one thing that a member did."""

from __future__ import annotations

import attrs

from ._fields import OpenEnum
from ._model import Model, extra_last

ID_FIELDS = ("id", "eventId", "event_id", "activityId", "activity_id", "uuid", "_id")
"""Names that the id of an activity may have."""


class ActivityType(OpenEnum):
    """What the member did (page of ``exportactivities`` in the API reference). The service also sends other types."""

    CHANNEL_JOINED = "ChannelJoined"
    CHANNEL_LEFT = "ChannelLeft"
    CHANNEL_MESSAGE_REACTED = "ChannelMessageReacted"
    CHANNEL_MESSAGE_SENT = "ChannelMessageSent"
    COURSE_STARTED = "CourseStarted"
    COURSE_COMPLETED = "CourseCompleted"
    COURSE_STEP_VIEWED = "CourseStepViewed"
    COURSE_STEP_COMPLETED = "CourseStepCompleted"
    DISCUSSION_MESSAGE_SENT = "DiscussionMessageSent"
    DOCUMENT_LINK_OPENED = "DocumentLinkOpened"
    DOCUMENT_LINK_REACTED = "DocumentLinkReacted"
    DOCUMENT_PAGE_REACTED = "DocumentPageReacted"
    DOCUMENT_PAGE_VIEWED = "DocumentPageViewed"
    LIVE_ATTENDED = "LiveAttended"
    LIVE_INVITATION_DECLINED = "LiveInvitationDeclined"
    LIVE_MESSAGE_REACTED = "LiveMessageReacted"
    LIVE_MESSAGE_SENT = "LiveMessageSent"
    LIVE_PARTICIPANT_REGISTERED = "LiveParticipantRegistered"
    LIVE_REPLAY_WATCHED = "LiveReplayWatched"
    SPOT_MEMBER_LEFT = "SpotMemberLeft"
    SPOT_MEMBER_REGISTERED = "SpotMemberRegistered"
    SPOT_MEMBER_REGISTRATION_REQUESTED = "SpotMemberRegistrationRequested"
    TOPIC_ANSWER_CREATED = "TopicAnswerCreated"
    TOPIC_ANSWER_VOTED = "TopicAnswerVoted"
    TOPIC_CREATED = "TopicCreated"
    TOPIC_VOTED = "TopicVoted"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Activity(Model):
    """One line of the export (page of ``exportactivities`` in the API reference). Only ``type`` is documented.

    Activities exist from 12 July 2023 on, those of courses from 22 October 2024 on (help centre).
    """

    type: ActivityType
    """What the member did."""

    @property
    def id(self) -> str | None:
        """Id of the event, whose name is not documented: of ``id``, ``eventId``, ``event_id``, ``activityId``,
        ``activity_id``, ``uuid`` and ``_id``, the first that ``extra`` has as a text or a whole number.
        """
        return event_id(self)


def event_id(activity: Activity, field: str | None = None) -> str | None:
    """The field of that name, or else the first of the usual ones, that is a text or a whole number, as a text."""
    fields = ID_FIELDS if field is None else (field,)
    found = (activity.extra.get(field) for field in fields)
    usable = (value for value in found if isinstance(value, str | int) and not isinstance(value, bool))
    return next(map(str, usable), None)

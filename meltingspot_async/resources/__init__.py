"""The methods people call, one file per resource."""

from .course_participants import CourseParticipants

__all__ = ["CourseParticipants"]

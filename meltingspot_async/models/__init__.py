"""What the service's answers become: frozen attrs classes, one file per resource."""

from .course_participant import CourseParticipant, ParticipantStatus

__all__ = ["CourseParticipant", "ParticipantStatus"]

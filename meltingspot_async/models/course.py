"""A course."""

from __future__ import annotations

import attrs

from ._fields import OpenEnum, lenient
from ._model import Model, extra_last


class CourseStatus(OpenEnum):
    """Status of a course. The help centre's example shows this value; others exist."""

    DRAFT = "Draft"


class CoursePrivacy(OpenEnum):
    """Privacy of a course. The help centre's example shows this value; others exist."""

    SECRET = "Secret"


class NavigationMode(OpenEnum):
    """How members move through a course. The help centre's example shows this value; others exist."""

    FLEXIBLE = "Flexible"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class Course(Model):
    """One course (help centre, page on the endpoints of courses).

    The service documents it by an example only, so every field except the id may be absent.
    """

    id: str
    """Id of the course."""
    title: str | None = None
    """Title."""
    description: str | None = lenient()
    """Description. A value that is not a text, such as rich text, is in ``extra``."""
    privacy: CoursePrivacy | None = None
    """Privacy."""
    status: CourseStatus | None = None
    """Status."""
    navigation_mode: NavigationMode | None = None
    """How members move through the course."""

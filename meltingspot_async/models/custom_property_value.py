"""The value of a custom property for one member."""

from __future__ import annotations

import attrs

from ._fields import OpenEnum, PropertyValue, hidden, lenient
from ._model import Model, extra_last


class CustomPropertyType(OpenEnum):
    """Type of a custom property. The help centre's example shows this value; others exist."""

    TEXT = "Text"


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class CustomPropertyValue(Model):
    """One custom property of one member (help centre, page on the endpoints of custom properties).

    The service documents it by an example only, so every field may be absent. Its repr hides the value.
    """

    custom_property_id: str | None = None
    """Id of the property."""
    custom_property_label: str | None = None
    """Its label."""
    custom_property_slug: str | None = None
    """Its name in paths."""
    custom_property_description: str | None = None
    """Its description."""
    custom_property_type: CustomPropertyType | None = None
    """Its type."""
    possible_values: tuple[str, ...] | None = lenient()
    """The values to choose from. Values that are not texts are in ``extra``."""
    value: PropertyValue | None = attrs.field(default=None, repr=hidden)
    """The value this member has."""

"""A member's answer to a question of the registration form."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._fields import undocumented


@attrs.frozen(kw_only=True)
class CustomFormAnswer:
    """One answer (help centre, page on the endpoints of Spot members). None of its fields is documented."""

    extra: Mapping[str, object] = undocumented()
    """The answer, by the service's own names."""

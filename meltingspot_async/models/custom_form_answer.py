"""A member's answer to a question of the registration form."""

from __future__ import annotations

import attrs

from ._model import Model, extra_last


@attrs.frozen(kw_only=True, field_transformer=extra_last)
class CustomFormAnswer(Model):
    """One answer (help centre, page on the endpoints of Spot members). None of its fields is documented."""

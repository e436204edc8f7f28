"""Tests that try a little in the suite, and much in ``nox -s thorough``."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

THOROUGH = settings.get_current_profile_name() == "thorough"
"""Whether there is time to try much."""

thorough = pytest.mark.thorough
"""Marks what tries more when there is time."""


def histories(few: int, many: int, steps: int = 30) -> settings:
    """How many random histories of so many steps are tried.

    :param few: in the suite, where they take a second or so.
    :param many: when there is time.
    """
    return settings(
        max_examples=many if THOROUGH else few,
        stateful_step_count=steps,
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
    )

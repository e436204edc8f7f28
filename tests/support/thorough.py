"""Tests that try a little in the suite, and much in ``nox -s thorough``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

THOROUGH = settings.get_current_profile_name() == "thorough"
"""Whether there is time to try much."""

thorough = pytest.mark.thorough
"""Marks what tries more when there is time."""

OF_EACH_MODEL = settings(max_examples=200 if THOROUGH else 6)
"""How many instances of each model to try."""

T = TypeVar("T")


def some(cases: Sequence[T]) -> Sequence[T]:
    """All cases when there is time, or else the first: a program takes half a second of a processor to start."""
    return cases if THOROUGH else cases[:1]


def try_histories(
    machine: Callable[[], RuleBasedStateMachine], few: int, many: int, *, steps: int = 30
) -> None:
    """Let Hypothesis invent histories of up to so many steps.

    In the suite, one that fails is shown as it was invented: to shorten it can take five minutes, in which the time
    limit of a test is one more failure to Hypothesis.

    :param few: histories in the suite, where they take a second or so.
    :param many: histories when there is time.
    """
    how = settings(
        max_examples=many if THOROUGH else few,
        stateful_step_count=steps,
        phases=[phase for phase in Phase if THOROUGH or phase is not Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
    )
    # Hypothesis calls whatever it is given, and says that it wants a class.
    run_state_machine_as_test(cast("type[RuleBasedStateMachine]", machine), settings=how)

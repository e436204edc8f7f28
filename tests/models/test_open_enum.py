"""Open enums accept values that they do not list."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltingspot_async import ParticipantStatus

from ..support.documents import participant


@given(st.text())
def test_any_text_can_be_a_status(value: str) -> None:
    """Known or not, a status and its copies equal their string and have its hash."""
    status = ParticipantStatus(value)
    assert (status, status.value, hash(status), str(status)) == (value, value, hash(value), value)
    assert isinstance(status, ParticipantStatus)
    assert status.is_known == (value in {"Invited", "Started", "Completed", "Unenrolled"})
    for twin in (pickle.loads(pickle.dumps(status)), copy.copy(status), copy.deepcopy(status)):
        assert (twin, type(twin), twin.is_known) == (status, ParticipantStatus, status.is_known)


def test_unknown_status_is_not_listed() -> None:
    """The class lists the documented values only, even after it has met others."""
    assert participant(status="Paused").status == "Paused"
    assert [status.value for status in ParticipantStatus] == ["Invited", "Started", "Completed", "Unenrolled"]
    assert ParticipantStatus("Paused") is not ParticipantStatus("Paused")
    assert repr(ParticipantStatus("Paused")) == "<ParticipantStatus: 'Paused' (unknown)>"
    assert repr(ParticipantStatus.COMPLETED) == "<ParticipantStatus: 'Completed'>"


def test_enum_holds_its_documented_values_only() -> None:
    """``value in ParticipantStatus`` is true for what is documented, as member or text, and false for all else."""
    assert ParticipantStatus.STARTED in ParticipantStatus
    assert "Started" in ParticipantStatus
    others: list[object] = ["Paused", "STARTED", *map(ParticipantStatus, ("Paused", "STARTED")), 3, None, []]
    assert not any(other in ParticipantStatus for other in others)


@pytest.mark.parametrize("value", [None, 3, True, b"Started"])
def test_status_of_another_type_is_refused(value: str) -> None:
    """A value that is not a string cannot become a status."""
    with pytest.raises(ValueError, match="is not a valid ParticipantStatus"):
        ParticipantStatus(value)

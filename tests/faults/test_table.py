"""docs/faults.md is what the catalogue makes of it."""

from __future__ import annotations

from .catalogue import ALL, EVERY, GROUPS, SAMPLE
from .fault import WAYS
from .table import PAGE, page


def test_page_is_made_of_the_catalogue() -> None:
    """The tables of docs/faults.md are those of the catalogue; ``python -m tests.faults.table`` writes them anew."""
    text = PAGE.read_text()
    assert text == page(text)


def test_sample_has_every_group_and_every_way() -> None:
    """What runs with every suite is a part of each group, tries every way of use, and is no more than it says."""
    assert {cell.group for cell in SAMPLE} == GROUPS.keys()
    assert {cell.way for cell in SAMPLE} == set(WAYS)
    assert len(SAMPLE) <= len(ALL) / EVERY + len(GROUPS)


def test_names_of_faults_are_their_own() -> None:
    """No two faults of a group have the same name, so that a row of the table and a failing test say which it is."""
    for faults in GROUPS.values():
        assert len({fault.name for fault in faults}) == len(faults)

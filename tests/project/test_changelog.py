"""CHANGELOG.md can be read by people and programs: Keep a Changelog's form."""

from __future__ import annotations

import re
from pathlib import Path

from meltingspot_async import __version__

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_each_version_has_a_date_but_the_newest_may_wait_for_it() -> None:
    """Versions go downwards from the one in ``_version.py``, each once, and all that were released have their date."""
    heads = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    found = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (unreleased|\d{4}-\d\d-\d\d)", head) for head in heads]
    versions = [tuple(int(part) for part in head.groups()[:3]) for head in found if head]
    assert len(versions) == len(heads)
    assert versions == sorted(set(versions), reverse=True)
    assert ".".join(str(part) for part in versions[0]) == __version__
    assert not any(head.endswith("unreleased") for head in heads[1:])


def test_changes_stand_under_their_kind() -> None:
    """Each change stands in a version, under one of the six kinds, each of which a version has at most once."""
    _, *versions = re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)
    for version in versions:
        head, *sections = re.split(r"^### ", version, flags=re.MULTILINE)
        kinds = [section.partition("\n")[0] for section in sections]
        assert set(kinds) <= KINDS
        assert len(kinds) == len(set(kinds))
        assert "\n- " not in head
        assert all("\n- " in section for section in sections)

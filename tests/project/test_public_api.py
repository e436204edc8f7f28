"""The public API changes only on purpose."""

from __future__ import annotations

from difflib import unified_diff

from .public_api import SNAPSHOT, public_api


def test_public_api_is_that_of_the_snapshot() -> None:
    """Each public name, signature, attribute and base class is the one written down in public_api.txt."""
    difference = list(
        unified_diff(SNAPSHOT.read_text().splitlines(), public_api(), "snapshot", "package", n=0)
    )
    assert not difference, (
        "The public API has changed. If that is intended, write the snapshot anew and name the change in "
        "CHANGELOG.md: python -m tests.project.public_api\n" + "\n".join(difference)
    )

"""`meltingspot members find`."""

from __future__ import annotations

from meltingspot_async.testing import FakeMeltingSpot

from ..support.cli import run


def test_find_without_a_result_exits_with_1(spot: FakeMeltingSpot) -> None:
    """`members find` exits with 1 if no member has the email, and does not repeat it; without --email, with 2."""
    shown = run("members", "find", "--email", "nobody@example.com")
    assert shown.exit_code == 1
    assert "no member has such an email" in shown.stderr
    assert "nobody@" not in shown.stdout + shown.stderr
    assert run("members", "find").exit_code == 2

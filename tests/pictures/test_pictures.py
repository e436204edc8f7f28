"""What the pictures of the documentation show, and README.md says of them, is what the limiter does."""

from __future__ import annotations

from .__main__ import FOLDER, ROOT
from .experiments import (
    SMALL,
    counted_at_sending,
    held_until_answered,
    most_in_a_window,
    pages_beside_a_batch,
)
from .reserve import longest

README = (ROOT / "README.md").read_text("utf-8")


def test_counting_at_sending_breaks_the_limit() -> None:
    """Two bursts that are counted when sent arrive in one window, as the picture says."""
    requests = counted_at_sending()
    most, refused = most_in_a_window(requests, SMALL.per), sum(request.refused for request in requests)
    assert (most, refused) == (20, 10)
    assert f"{most} received in 10 s, {refused} refused" in (FOLDER / "limiter.svg").read_text("utf-8")
    assert f"counted when sent, {most} arrive in one window and {refused} are refused" in README


def test_a_slot_held_until_answered_keeps_it() -> None:
    """The same two bursts with the limiter of the package never exceed the limit, as the picture says."""
    requests = held_until_answered()
    most = most_in_a_window(requests, SMALL.per)
    assert most == SMALL.requests
    assert not any(request.refused for request in requests)
    assert f"{most} received in 10 s, none refused" in (FOLDER / "limiter.svg").read_text("utf-8")


def test_the_reserve_keeps_a_page_from_waiting() -> None:
    """Beside a batch, pages wait for seconds without a reserve and not at all with it, as the picture says."""
    assert longest(pages_beside_a_batch(0.0, seconds=12)) > 9.0
    assert "a page that merely goes first waits for more than 9 s" in README
    with_reserve = pages_beside_a_batch(0.05, seconds=12)
    assert longest(with_reserve) < 0.1
    assert with_reserve.received <= 100
    assert "every page has its slot at once" in (FOLDER / "reserve.svg").read_text("utf-8")

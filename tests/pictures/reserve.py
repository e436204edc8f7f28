"""How the reserve keeps a page from waiting: pages beside a batch, with it and without."""

from __future__ import annotations

from collections import Counter

from .drawing import LEFT, Scale, axis, bar, legend, picture, text
from .experiments import SECONDS, Beside, pages_beside_a_batch

HEIGHT, MOST = 80.0, 10.0
"""The height of ten seconds of waiting."""
STRIP, BURST = 30.0, 100.0
"""The height of a hundred requests of the batch in one second."""
END = SECONDS - 10
"""Pages that ask later than this may still wait when the experiment ends."""


def longest(beside: Beside) -> float:
    """Seconds that a page waited at most."""
    return max(wait for _, wait in beside.waits)


def _panel(top: float, title: str, beside: Beside) -> list[str]:
    scale = Scale(END)
    base = top + 24 + HEIGHT
    floor = base + 8 + STRIP
    outcome = (
        f"a page waits up to {most:.1f} s"
        if (most := longest(beside)) > 0.1
        else "every page has its slot at once"
    )
    parts = [text(LEFT, top, title, "bold"), text(LEFT, top + 16, outcome)]
    for asked, wait in beside.waits:
        if asked < END:
            height, kind = max(3.0, wait / MOST * HEIGHT), "bad" if wait > 1.0 else "good"
            parts.append(bar(scale(asked) - 3, scale(asked) + 3, base - height, height, kind))
    for second, requests in sorted(Counter(map(int, beside.batch)).items()):
        if second < END:
            height = requests / BURST * STRIP
            parts.append(bar(scale(second), scale(second + 1) - 1, floor - height, height, "batch"))
    return parts + axis(scale, floor, 10)


def draw() -> str:
    """Two panels: a batch that takes whatever is free, and one that leaves a reserve."""
    second = 20 + 24 + HEIGHT + 8 + STRIP + 44
    end = second + 24 + HEIGHT + 8 + STRIP
    return picture(
        "reserve",
        "A page every second, beside a batch that always has 150 requests waiting",
        "Without a reserve the batch takes all slots in one burst, and pages wait until the window is over. With the "
        "reserve of five percent, every page has its slot at once.",
        end + 48,
        [
            *_panel(20, "Pages go first, but the batch takes every free slot", pages_beside_a_batch(0.0)),
            *_panel(second, "The batch leaves a reserve of 5 %", pages_beside_a_batch(0.05)),
            *legend(
                end + 38,
                [
                    ("bad", "wait of a page", 6),
                    ("good", "hardly any", 128),
                    ("batch", "the batch, requests per second", 228),
                ],
            ),
        ],
    )

"""Why counting at sending breaks the limit: the slots of two bursts over time."""

from __future__ import annotations

from .drawing import LEFT, Scale, axis, bar, dot, legend, picture, text
from .experiments import SMALL, Sent, counted_at_sending, held_until_answered, most_in_a_window

END = 22.5
ROW = 5.0
PANEL = ROW * 2 * SMALL.requests
WINDOW = (2.0, 12.0)
"""The ten seconds that begin when the first burst is received."""


def _panel(top: float, title: str, requests: list[Sent], *, until_answered: bool) -> list[str]:
    scale = Scale(END)
    most, refused = most_in_a_window(requests, SMALL.per), sum(request.refused for request in requests)
    outcome = f"{most} received in 10 s, {refused or 'none'} refused"
    parts = [
        text(LEFT, top, title, "bold"),
        text(LEFT, top + 16, outcome),
        bar(scale(WINDOW[0]), scale(WINDOW[1]), top + 24, PANEL + 6, "window"),
    ]
    for number, request in enumerate(sorted(requests, key=lambda request: request.sent)):
        y = top + 27 + number * ROW
        free = (request.answered if until_answered else request.sent) + SMALL.per
        parts += [
            bar(scale(request.sent), scale(free), y, ROW - 1, "held"),
            bar(scale(request.sent), scale(request.received), y, ROW - 1, "way"),
            dot(scale(request.received), y + (ROW - 1) / 2, 2.2, "bad" if request.refused else "good"),
        ]
    return parts + axis(scale, top + 30 + PANEL, 5)


def draw() -> str:
    """Two panels: counted when sent, and held until the answer and a window longer."""
    second = 20 + 24 + PANEL + 52
    return picture(
        "limiter",
        "Two bursts of ten requests on a limit of ten in ten seconds",
        "Counted when they are sent, the second burst arrives within the same ten seconds as the first and is refused. "
        "With slots held until ten seconds after the answer, it arrives in the next window.",
        second + 24 + PANEL + 52,
        [
            *_panel(20, "Counted when sent", counted_at_sending(), until_answered=False),
            *_panel(
                second, "Slot held until 10 s after the answer", held_until_answered(), until_answered=True
            ),
            *legend(
                second + 24 + PANEL + 42,
                [
                    ("way", "on its way", 10),
                    ("good", "received", 105),
                    ("bad", "refused", 184),
                    ("held", "slot held", 258),
                    ("window", "a window of 10 s", 342),
                ],
            ),
        ],
    )

"""A course report as a picture: SVG, without anything that a viewer would have to fetch."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..tables import plain
from .colours import COLOURS
from .counting import CourseReport, Row, Section, headline

WIDTH = 720
"""All lengths are in pixels."""
_MARGIN, _LINE, _HEADER, _THICKNESS = 24, 24, 72, 14
_BAR_LEFT, _BAR_RIGHT, _COUNT_RIGHT = 144, 576, 640
_LABEL_LENGTH = 14
"""Characters of a label; a longer one is cut off."""

_STYLE = """\
text { font: 14px system-ui, sans-serif; fill: var(--text); font-variant-numeric: tabular-nums; }
.title { font-size: 20px; font-weight: 600; }
.caption { font-weight: 600; }
.faint { fill: var(--faint); }
.number { text-anchor: end; }
"""


def picture_of(report: CourseReport, course_id: str) -> str:
    """The report of a course, as SVG."""
    sections = report.sections() if report.total else ()
    drawn, top = list[str](), _HEADER
    for section in sections:
        drawn += _section(section, report.total, top)
        top += _LINE * (len(section.rows) + 2)
    title = escape(f"Course {plain(course_id)}")
    height = top + _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{title}: report</title>",
            f"<style>\n{COLOURS}{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="var(--page)"/>',
            _text(_MARGIN, 36, title, "title"),
            _text(_MARGIN, 58, headline(report), "faint"),
            *drawn,
            "</svg>",
            "",
        ]
    )


def _section(section: Section, total: int, top: int) -> Iterator[str]:
    yield _text(_MARGIN, top + _LINE, escape(section.title), "caption")
    for number, row in enumerate(section.rows, start=2):
        yield from _row(row, row.count / section.most, row.count / total, top + number * _LINE)


def _row(row: Row, length: float, share: float, base: int) -> Iterator[str]:
    label = row.label if len(row.label) <= _LABEL_LENGTH else row.label[: _LABEL_LENGTH - 1] + "…"
    yield _text(_MARGIN, base, escape(label))
    for width, colour in ((1.0, "track"), (length, row.colour)):
        yield (
            f'<rect x="{_BAR_LEFT}" y="{base - 12}" height="{_THICKNESS}" '
            f'width="{width * (_BAR_RIGHT - _BAR_LEFT):.1f}" fill="var(--{colour})"/>'
        )
    yield _text(_COUNT_RIGHT, base, f"{row.count:,}", "number")
    yield _text(WIDTH - _MARGIN, base, f"{share:.0%}", "number faint")


def _text(x: int, y: int, text: str, style: str = "label") -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{text}</text>'

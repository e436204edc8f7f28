"""A course report as a page: one file, without scripts, and without anything that a browser would have to fetch."""

from __future__ import annotations

from html import escape

from ..tables import plain
from .colours import COLOURS
from .counting import CourseReport, Row, Section, headline

_STYLE = """\
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 46rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0.25rem 0 0; color: var(--faint); }
table { width: 100%; margin-top: 2rem; border-collapse: collapse; font-variant-numeric: tabular-nums;
  break-inside: avoid; }
caption { padding-bottom: 0.5rem; text-align: left; font-weight: 600; }
th, td { padding: 0.2rem 0; vertical-align: middle; text-align: left; font-weight: 400; }
th { width: 7rem; padding-right: 0.75rem; }
.count, .share { width: 1%; padding-left: 0.75rem; text-align: right; white-space: nowrap; }
.share { min-width: 3.5rem; color: var(--faint); }
.track { display: block; height: 0.9rem; border-radius: 0.2rem; background: var(--track); overflow: hidden; }
.bar { display: block; height: 100%; background: var(--colour); }
@media print {
  body { padding: 0; max-width: none; }
  .track, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def page_of(report: CourseReport, course_id: str) -> str:
    """The report of a course, as HTML."""
    course = escape(plain(course_id).plain)
    sections = (_section(section, report.total) for section in report.sections() if report.total)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>Course {course}: report</title>",
            f"<style>\n{COLOURS}{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>Course {course}</h1>",
            f"<p>{headline(report)}</p>",
            *sections,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _section(section: Section, total: int) -> str:
    rows = "\n".join(_row(row, row.count / section.most, row.count / total) for row in section.rows)
    return f"<table>\n<caption>{escape(section.title)}</caption>\n{rows}\n</table>"


def _row(row: Row, length: float, share: float) -> str:
    style = f"width: {length:.2%}; min-width: {2 if row.count else 0}px; --colour: var(--{row.colour})"
    bar = f'<span class="bar" style="{style}"></span>'
    return (
        f'<tr><th scope="row">{escape(row.label)}</th><td><span class="track">{bar}</span></td>'
        f'<td class="count">{row.count:,}</td><td class="share">{share:.0%}</td></tr>'
    )

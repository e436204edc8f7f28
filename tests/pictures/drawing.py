"""SVG inside a page of the site: its colours are the page's, light or dark, and it is as wide as the text."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

import attrs

WIDTH = 480
ROUND = {"good", "bad"}
LEFT, RIGHT = 10, 470
STYLE = """
.picture {max-width: 42rem; width: 100%; height: auto; display: block; margin: 1.5rem auto;
  font: 13.5px system-ui, sans-serif;}
.picture text {fill: var(--color-foreground-primary, #222)}
.picture .quiet {fill: var(--color-foreground-secondary, #666)}
.picture .bold {font-weight: 600}
.picture .axis {stroke: var(--color-foreground-muted, #777)}
.picture .window {fill: var(--color-foreground-muted, #777); opacity: .16}
.picture .held {fill: #4a8fe7; opacity: .3}
.picture .way {fill: #4a8fe7}
.picture .good {fill: #2fa36b}
.picture .bad {fill: #e0483e}
.picture .batch {fill: #4a8fe7; opacity: .55}
"""


@attrs.frozen
class Scale:
    """Seconds to the width of the picture."""

    end: float

    def __call__(self, seconds: float) -> float:
        return LEFT + min(seconds, self.end) / self.end * (RIGHT - LEFT)


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def bar(start: float, end: float, y: float, height: float, kind: str) -> str:
    """A rectangle between two places of the width."""
    return (
        f'<rect x="{start:.1f}" y="{y:.1f}" width="{end - start:.1f}" height="{height:.1f}" class="{kind}"/>'
    )


def dot(x: float, y: float, radius: float, kind: str) -> str:
    """A round mark."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{kind}"/>'


def axis(scale: Scale, y: float, step: int) -> list[str]:
    """The seconds below a panel."""
    parts = [f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" class="axis"/>']
    for second in range(0, int(scale.end) + 1, step):
        x = scale(second)
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y + 4:.1f}" class="axis"/>')
        anchor = "start" if second == 0 else "end" if second == scale.end else "middle"
        parts.append(text(x, y + 16, f"{second} s" if second else "0", "quiet", anchor))
    return parts


def legend(y: float, entries: Iterable[tuple[str, str, float]]) -> list[str]:
    """What the marks mean: a kind of mark, its words, and where it stands."""
    parts: list[str] = []
    for kind, words, x in entries:
        mark = dot(x + 6, y - 4, 3.5, kind) if kind in ROUND else bar(x, x + 12, y - 8, 8, kind)
        parts += [mark, text(x + 17, y, words, "quiet")]
    return parts


def picture(name: str, title: str, description: str, height: float, parts: Iterable[str]) -> str:
    """The whole picture, with words for those who cannot see it."""
    words = f'role="img" aria-labelledby="{name}-title {name}-description"'
    return "\n".join(
        [
            f'<svg class="picture" viewBox="0 0 {WIDTH} {height:g}" {words} xmlns="http://www.w3.org/2000/svg">',
            f'<title id="{name}-title">{escape(title)}</title>',
            f'<desc id="{name}-description">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )

"""Writes docs/benchmarks.md and its pictures from what the benchmarks return."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from tests.pictures.drawing import LEFT, RIGHT, bar, picture, text

from .measure import Row

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures" / "benchmarks"
LINE = 46

INTRODUCTION = """\
# Benchmarks

<!-- Written by `nox -s benchmarks`; what is changed here by hand is lost. -->

Ratios, because microseconds are of one machine only: each line has our figure and another one from the same run,
measured in turn. All are costs, and below 1 ours is the smaller. `nox -s benchmarks` measures all of it again and
writes this page; nothing here passes or fails.

Taken on {date} with Python {version} on {cores} cores, {rounds}.
"""


@attrs.frozen
class Question:
    """One benchmark: its name, what it answers, and what measures it."""

    name: str
    words: str
    rows: Callable[[bool], list[Row]]


def number(figure: float) -> str:
    """Three figures that count; ``-`` where there is none, as of a ratio to 0."""
    if math.isnan(figure):
        return "-"
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:.3g}"


def table(rows: Sequence[Row]) -> str:
    head = "| | ours | beside | its figure | unit | ratio |\n| --- | ---: | --- | ---: | --- | ---: |\n"
    return head + "".join(
        f"| {row.title} | {number(row.ours)} | {row.beside} | {number(row.other)} | {row.unit} "
        f"| {number(row.ratio)} |\n"
        for row in rows
    )


def bars(question: Question, rows: Sequence[Row]) -> str:
    """Two bars for each line, the longer as wide as the picture."""
    parts: list[str] = []
    for place, row in enumerate(rows):
        y = LINE * place + 14
        longest = max(row.ours, row.other) or 1.0
        parts.append(text(LEFT, y, row.title, "bold"))
        for below, kind, name, figure in (
            (6, "way", "ours", row.ours),
            (20, "window", row.beside, row.other),
        ):
            end = LEFT + figure / longest * (RIGHT - LEFT)
            parts.append(bar(LEFT, end, y + below, 11, kind))
            parts.append(text(LEFT + 4, y + below + 10, f"{name}: {number(figure)} {row.unit}"))
    description = "; ".join(
        f"{row.title}: ours {number(row.ours)}, {row.beside} {number(row.other)} {row.unit}" for row in rows
    )
    return picture(question.name, question.words, description, LINE * len(rows) + 6, parts)


def write(answers: Sequence[tuple[Question, list[Row]]], quick: bool) -> None:
    """The page, and a picture for each question."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    parts = [
        INTRODUCTION.format(
            date=datetime.now(UTC).date().isoformat(),
            version=platform.python_version(),
            cores=os.cpu_count(),
            rounds="in few rounds (`--quick`)" if quick else "in all rounds",
        )
    ]
    for question, rows in answers:
        (PICTURES / f"{question.name}.svg").write_text(bars(question, rows), "utf-8")
        drawn = f"```{{raw}} html\n:file: pictures/benchmarks/{question.name}.svg\n```\n"
        parts.append(f"## {question.words}\n\n{drawn}\n{table(rows)}")
    (DOCS / "benchmarks.md").write_text("\n".join(parts), "utf-8")

"""``python -m tests.pictures`` draws the pictures of the documentation anew."""

from __future__ import annotations

from pathlib import Path

from . import limiter, reserve

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, draw in (("limiter", limiter.draw), ("reserve", reserve.draw)):
        (FOLDER / f"{name}.svg").write_text(draw(), "utf-8")


if __name__ == "__main__":
    main()

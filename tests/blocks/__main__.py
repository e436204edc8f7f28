"""``python -m tests.blocks FOLDER`` writes every Python block into a folder, which type checkers take for a project."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from .collecting import MODULES, PAGES, blocks_of, examples_of


def main(folder: Path) -> None:
    blocks = [block for page in PAGES for block in blocks_of(page) if block.language == "python"]
    blocks += [example for module in MODULES for example in examples_of(module)]
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    for block in blocks:
        (folder / (block.file or re.sub(r"\W", "_", block.place) + ".py")).write_text(block.code, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

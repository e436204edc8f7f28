"""``python -m tests.site`` builds the site, looks at every page with a browser, and saves pictures of some.

It ends with 1 if anything is wrong. The pictures are for people: look at them before a change of the site is done.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .browser import Browser, opened
from .checks import (
    cannot_be_copied,
    code_is_cut_off,
    is_empty,
    is_not_found,
    links_are_broken,
    page_scrolls,
    table_scrolls,
)
from .serving import served

DOCS = Path(__file__).parents[2] / "docs"
HTML, PICTURES = DOCS / "_build" / "html", DOCS / "_build" / "pictures"

NARROW, MIDDLE, WIDE = 390, 768, 1366
SHOWN = ["index", "tutorial", "limits", "failures", "command", "models", "api/client", "web_apps"]
"""Pages of which pictures are saved."""
DARK = ["index", "limits"]
SEARCHED = {"get_many": "api/resources.html", "Retry-After": "failures.html"}


def wrong_with(browser: Browser, site: str, page: str) -> list[str]:
    """What is wrong with a page, on each screen."""
    wrong: list[str] = []
    for width in (NARROW, MIDDLE, WIDE):
        browser.open(f"{site}/{page}", width=width)
        wrong += is_empty(browser) + page_scrolls(browser) + table_scrolls(browser)
        if width == WIDE:
            wrong += code_is_cut_off(browser) + cannot_be_copied(browser)
            wrong += links_are_broken(browser, site, HTML)
        wrong += browser.complaints()
        if (name := page.removesuffix(".html")) in SHOWN:
            save(browser, name, str(width))
    return [f"{page}: {each}" for each in dict.fromkeys(wrong)]


def save(browser: Browser, name: str, kind: str) -> None:
    browser.save(PICTURES / f"{name.replace('/', '_')}_{kind}.png")


def main() -> int:
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "-n",
        "--keep-going",
        "-q",
        "-E",
        "-a",
        "-b",
        "html",
        str(DOCS),
        str(HTML),
    ]
    subprocess.run(build, check=True)
    PICTURES.mkdir(exist_ok=True)
    pages = sorted(path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html"))
    pages.remove("search.html")  # is empty until somebody searches
    wrong: list[str] = []
    with served(HTML) as site, opened() as browser:
        for page in pages:
            wrong += wrong_with(browser, site, page)
        for name in DARK:
            browser.open(f"{site}/{name}.html", width=WIDE, dark=True)
            save(browser, name, "dark")
        for words, page in SEARCHED.items():
            wrong += is_not_found(browser, site, words, page)
    print(*wrong, sep="\n")
    print(f"{len(pages)} pages, {len(wrong)} faults; pictures are in {PICTURES}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

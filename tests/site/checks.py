"""What must hold of every page. Each check gives what is wrong, in words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

from .browser import Browser

_LINES = "[...document.querySelectorAll('%s')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"


def code_is_cut_off(browser: Browser) -> list[str]:
    """Blocks of code that are wider than their place."""
    return [f"code is cut off: {text[:60]!r}" for text in browser.ask(_LINES % "article pre")]


def cannot_be_copied(browser: Browser) -> list[str]:
    """Blocks of code without a button that copies them.

    A heading "Exports" is enough: by its id, the script of the buttons takes the page for a module.
    """
    script = (
        "[...document.querySelectorAll('article div.highlight')].filter(e => !e.querySelector('.copybtn')"
    )
    script += "&& !e.closest('.highlight-text')).map(e => e.innerText)"
    _wait_until(lambda: not browser.ask(script))
    return [f"no button copies {text[:60]!r}" for text in browser.ask(script)]


def table_scrolls(browser: Browser) -> list[str]:
    """Tables that are wider than their place."""
    return [f"a table scrolls: {text[:60]!r}" for text in browser.ask(_LINES % ".table-wrapper")]


def page_scrolls(browser: Browser) -> list[str]:
    """A page that is wider than its screen."""
    wide = browser.ask("document.documentElement.scrollWidth - innerWidth")
    return [f"the page is {wide} pixels too wide"] if wide > 0 else []


def is_empty(browser: Browser) -> list[str]:
    """A page without a text."""
    return [] if browser.ask("document.querySelector('article').innerText.trim()") else ["the page is empty"]


def links_are_broken(browser: Browser, site: str, folder: Path) -> list[str]:
    """Links within the site that lead nowhere."""
    links: set[str] = set(browser.ask("[...document.links].map(link => link.href)"))
    return [
        f"leads nowhere: {link}"
        for link in sorted(links)
        if link.startswith(site) and not _is_there(link, site, folder)
    ]


def _is_there(link: str, site: str, folder: Path) -> bool:
    address, anchor = urldefrag(link.removeprefix(site).lstrip("/"))
    file = folder / unquote(address.partition("?")[0] or "index.html")
    return file.is_file() and (not anchor or file.suffix != ".html" or unquote(anchor) in _anchors(file))


@cache
def _anchors(file: Path) -> set[str]:
    return {"", *re.findall(r'\bid="([^"]+)"', file.read_text("utf-8"))}


def is_not_found(browser: Browser, site: str, words: str, page: str) -> list[str]:
    """Words for which the search of the site does not list a page."""
    browser.open(f"{site}/search.html?q={words}", width=1366)
    script = "[...document.querySelectorAll('#search-results li a')].map(link => link.href)"
    if _wait_until(lambda: any(page in link for link in browser.ask(script))):
        return browser.complaints()
    return [f"search.html: {words} does not find {page}"]


def _wait_until(holds: Callable[[], bool]) -> bool:
    """Whether something holds within ten seconds: scripts of the page go on after it is loaded."""
    until = time.monotonic() + 10.0
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held

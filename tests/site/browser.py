"""A headless Chromium that reaches nothing but loopback."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Browser:
    """One window, of any size, in light or dark."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def open(self, address: str, *, width: int, dark: bool = False) -> None:
        """Show a page as a screen of this width does."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        colours = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [colours]})
        self._driver.get(address)

    def ask(self, script: str) -> Any:
        """What an expression of JavaScript says on the page."""
        return self._driver.execute_script(f"return {script}")

    def complaints(self) -> list[str]:
        """What stands in the console since the last time."""
        return [str(entry["message"]) for entry in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def save(self, path: Path) -> None:
        """A picture of the whole page."""
        height = self.ask("document.documentElement.scrollHeight")
        width = self.ask("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, 6000), "scale": 1}
        shot = self._driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def opened() -> Generator[Browser]:
    """Start a browser with a profile of its own; ends it, and removes that."""
    options = Options()
    options.binary_location = _program("chromium", "chromium-browser", "google-chrome")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for option in (*OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        driver = webdriver.Chrome(options, Service(_program("chromedriver")))
        try:
            yield Browser(driver)
        finally:
            driver.quit()


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise SystemExit(f"Install {names[0]}: on Debian, apt-get install chromium chromium-driver.")

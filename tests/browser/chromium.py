"""A real Chromium without a window: pages are opened from a file, and nothing else may be asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

MODULES = Path(__file__).parent / "node_modules"
"""What `make browser` and `make gallery` install."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Where the browser of this machine is."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("browser: no Chromium is here. Install it, on Debian `apt install chromium`.")
    return found


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Start it, without a sandbox of its own: in a container root has none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


class Watched:
    """A page of a browser, with all that it asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        """Addresses that something was asked from; the page's own file and data in itself are none."""
        self.said: list[str] = []
        """Errors, and what the console was told."""
        page.on("request", self._note)
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def _note(self, request: Request) -> None:
        if not (request.is_navigation_request() or request.url.startswith(("data:", "blob:"))):
            self.asked.append(request.url)

    def open(self, path: Path) -> Page:
        """Open a file, and wait until it has settled."""
        self.page.goto(path.resolve().as_uri(), wait_until="load")
        return self.page
